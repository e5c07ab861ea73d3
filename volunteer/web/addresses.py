"""The addresses that go into codes, made from PUBLIC_URL, and whether phones can reach them."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app

from volunteer.domain.reach import reachable_on_mobile_data
from volunteer.domain.tokens import card_code, poster_code


def public_url() -> str:
    return str(current_app.extensions["config"].public_url)


def domain() -> str:
    """host[:port], as it is printed so that a code pasted over ours gives itself away."""
    return urlsplit(public_url()).netloc


def is_reachable() -> bool:
    """Whether a phone on mobile data can open our codes; if not, cards are scanned first."""
    return reachable_on_mobile_data(public_url())


def event_address(event_id: int, code: str) -> str:
    """What an event's QR code holds."""
    return f"{public_url()}/q/{event_id}/{code}"


def poster_address(event_id: int, epoch: int) -> str:
    key = current_app.extensions["keys"].poster_code
    return event_address(event_id, poster_code(key, event_id, epoch))


def team_address(ref: str) -> str:
    """What a visiting team's code at an event holds."""
    return f"{public_url()}/t/{ref}"


def card_address(card_number: str) -> str:
    """What a card's QR code holds."""
    key = current_app.extensions["keys"].card_code
    return f"{public_url()}/c/{card_code(key, card_number)}"
