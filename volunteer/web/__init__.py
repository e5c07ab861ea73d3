"""What people and devices reach over HTTP: parse, one call, render.

One file a place a person stands. ``now`` enters here. A view calls one service or query and
shows the answer; it holds no rule, writes no SQL and never touches ``store``.
"""

from __future__ import annotations

import importlib

from flask import Flask

from volunteer.config import Config
from volunteer.web import (
    api,
    assets,
    community,
    converters,
    dates,
    failures,
    gate,
    headers,
    language,
    protection,
    shell,
    signed_in,
)

PLACES: tuple[str, ...] = (
    "activate",
    "admin.audit",
    "admin.bequests",
    "admin.blank_cards",
    "admin.card_prints",
    "admin.card_receipts",
    "admin.building_ranges",
    "admin.cards",
    "admin.duplicates",
    "admin.family",
    "admin.family_requests",
    "admin.first_day",
    "admin.holidays",
    "admin.homes",
    "admin.household",
    "admin.imports",
    "admin.ledger",
    "admin.merges",
    "admin.moves",
    "admin.opening_balances",
    "admin.organisations",
    "admin.people",
    "admin.phones",
    "admin.places",
    "admin.roles",
    "admin.settings",
    "admin.tasks",
    "admin.to_confirm",
    "admin.visiting_teams",
    "admin.youth_groups",
    "boards",
    "cards",
    "check_in",
    "events",
    "health",
    "home",
    "me",
    "my_consents",
    "my_data",
    "my_family",
    "my_household",
    "organize",
    "passbook",
    "preferences",
    "public",
    "scan",
    "scanner",
    "sign_in",
    "team_join",
    "walk_in",
    "whose",
)
"""Modules of this package, each with a ``blueprint``."""


def init_app(app: Flask, config: Config) -> None:
    """Attach everything a request meets, in the order it meets it."""
    converters.init_app(app)
    assets.init_app(app)
    headers.init_app(app, config)
    protection.init_app(app, config)
    signed_in.init_app(app)
    language.init_app(app)
    dates.init_app(app)
    failures.init_app(app)
    shell.init_app(app)
    community.init_app(app)
    for place in PLACES:
        app.register_blueprint(importlib.import_module(f"volunteer.web.{place}").blueprint)
    api.init_app(app)
    app.before_request(gate.check_gate)
