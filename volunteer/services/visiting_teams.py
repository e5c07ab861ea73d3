"""Visiting teams: made, corrected, agreed to by who accompanies the children, brought to events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update

from volunteer.domain.access import Scope
from volunteer.domain.consents import CLASS_TEXT_VERSION
from volunteer.domain.names import parse_line, parse_name
from volunteer.domain.phone import parse_phone
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.domain.scans import Recorder
from volunteer.domain.visiting_teams import MOST_IN_TEAM
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.event_facts import load_event
from volunteer.store.models import OrganisationKind, VisitingTeam
from volunteer.store.rows import (
    load_row,
    record_row,
    require_in_community,
    require_seen,
    require_unique,
)
from volunteer.store.visiting_teams import record_team_at

LONGEST_NAME = 120


@dataclass(frozen=True)
class TeamDetails:
    """``kind_id``: which kind of organisation they come from. ``expected``: how many, as far as was
    said. ``accompanied_by``: the adult who has agreed for those under 14, or nobody yet."""

    name: str
    kind_id: int | None
    name_en: str = ""
    contact: str = ""
    contact_phone: str = ""
    expected: int | None = None
    has_minors: bool = False
    accompanied_by: str = ""


def add_team(
    community_id: int,
    details: TeamDetails,
    *,
    event_id: int | None = None,
    by: int,
    now: datetime,
    scope: Scope,
) -> int:
    """Make a team; with ``event_id`` it is at that event.

    Raises Refused: ``not_found`` (community, kind, event), ``name_missing``, ``text_too_long``,
    ``choice_missing`` (no kind), ``phone_invalid``, ``amount_invalid``, ``already_exists``.
    """
    values = _columns(details) | _consent_columns(details, by, now)

    def work(tx: Tx) -> int:
        require_seen(tx, community_id)
        require_in_community(tx, OrganisationKind, details.kind_id, community_id)
        row = {"community_id": community_id, "created_at": now, "created_by_login_id": by}
        team_id = record_row(tx, VisitingTeam, row | values)
        _audit(tx, "team_added", team_id, community_id, by, now, name=values["name"])
        if details.accompanied_by.strip():
            _audit_consent(tx, team_id, community_id, by, now)
        if event_id is not None:
            _bring(tx, team_id, community_id, event_id, by, now)
        return team_id

    return transact(work, scope)


def edit_team(team_id: int, details: TeamDetails, *, by: int, now: datetime, scope: Scope) -> None:
    """Raises Refused as ``add_team``. Who agreed before stays until somebody else agrees."""
    values = _columns(details)

    def work(tx: Tx) -> None:
        before = load_row(tx, VisitingTeam, team_id)
        require_in_community(tx, OrganisationKind, details.kind_id, before.community_id)
        same_name = {"community_id": before.community_id, "name": values["name"]}
        require_unique(tx, VisitingTeam, team_id, same_name)
        agreed = _consent_columns(details, by, now)
        is_new = bool(agreed) and agreed["consent_by"] != before.consent_by
        changed = values | (agreed if is_new else {})
        tx.run(update(VisitingTeam).where(VisitingTeam.id == team_id).values(**changed))
        _audit(tx, "team_edited", team_id, before.community_id, by, now, name=values["name"])
        if is_new:
            _audit_consent(tx, team_id, before.community_id, by, now)

    transact(work, scope)


def agree_for_team(
    team_id: int, accompanied_by: str, *, by: int, now: datetime, scope: Scope
) -> None:
    """The adult who accompanies the class agrees for those under 14: name, time and text are kept.

    Raises Refused: ``not_found``, and what ``parse_name`` refuses.
    """
    adult = or_refuse(parse_name(accompanied_by), "accompanied_by")

    def work(tx: Tx) -> None:
        before = load_row(tx, VisitingTeam, team_id)
        agreed = _agreed(adult, by, now) | {"has_minors": True}
        tx.run(update(VisitingTeam).where(VisitingTeam.id == team_id).values(**agreed))
        _audit_consent(tx, team_id, before.community_id, by, now)

    transact(work, scope)


def set_team_active(team_id: int, active: bool, *, by: int, now: datetime, scope: Scope) -> None:
    """Raises Refused: ``not_found``. What the team did stays as it is."""

    def work(tx: Tx) -> None:
        before = load_row(tx, VisitingTeam, team_id)
        if (before.deactivated_at is None) == active:
            return
        ended = None if active else now
        tx.run(update(VisitingTeam).where(VisitingTeam.id == team_id).values(deactivated_at=ended))
        action = "team_reactivated" if active else "team_deactivated"
        _audit(tx, action, team_id, before.community_id, by, now, name=before.name)

    transact(work, scope)


def bring_team(
    team_id: int, event_id: int, recorder: Recorder, *, now: datetime, scope: Scope
) -> None:
    """A team that is known comes to this event.

    Raises Refused: ``not_found``, ``event_unknown``, ``not_your_event``.
    """

    def work(tx: Tx) -> None:
        team = load_row(tx, VisitingTeam, team_id)
        if not recorder.runs(load_event(tx, event_id)):
            raise refuse(Code.NOT_YOUR_EVENT)
        _bring(tx, team_id, team.community_id, event_id, recorder.login_id, now)

    transact(work, scope)


def _bring(
    tx: Tx, team_id: int, community_id: int, event_id: int, by: int | None, now: datetime
) -> None:
    event = load_event(tx, event_id)
    if event.community_id != community_id:
        raise refuse(Code.NOT_FOUND)
    if record_team_at(tx, community_id, team_id, event_id, by, now):
        _audit(tx, "team_at_event", team_id, community_id, by, now, event_id=event_id)


def _columns(details: TeamDetails) -> dict[str, Any]:
    name = or_refuse(parse_line(details.name, LONGEST_NAME), "name")
    if not name:
        raise refuse(Code.NAME_MISSING, field="name")
    if details.kind_id is None:
        raise refuse(Code.CHOICE_MISSING, field="kind")
    if details.expected is not None and not 1 <= details.expected <= MOST_IN_TEAM:
        raise refuse(Code.TEAM_TOO_LARGE, most=MOST_IN_TEAM, field="expected")
    contact, phone = details.contact.strip(), details.contact_phone.strip()
    return {
        "name": name,
        "name_en": or_refuse(parse_line(details.name_en, LONGEST_NAME), "name_en") or None,
        "kind_id": details.kind_id,
        "contact": or_refuse(parse_name(contact), "contact") if contact else None,
        "contact_phone": or_refuse(parse_phone(phone), "contact_phone") if phone else None,
        "expected": details.expected,
        "has_minors": details.has_minors,
    }


def _consent_columns(details: TeamDetails, by: int, now: datetime) -> dict[str, Any]:
    if not details.accompanied_by.strip():
        return {}
    return _agreed(or_refuse(parse_name(details.accompanied_by), "accompanied_by"), by, now)


def _agreed(adult: str, by: int, now: datetime) -> dict[str, Any]:
    return {
        "consent_by": adult,
        "consent_text_version": CLASS_TEXT_VERSION,
        "consent_at": now,
        "consent_recorded_by_login_id": by,
    }


def _audit_consent(tx: Tx, team_id: int, community_id: int, by: int, now: datetime) -> None:
    version = CLASS_TEXT_VERSION
    _audit(tx, "team_consent_given", team_id, community_id, by, now, text_version=version)


def _audit(
    tx: Tx,
    action: str,
    team_id: int,
    community_id: int,
    by: int | None,
    now: datetime,
    **facts: Any,
) -> None:
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="visiting_team",
        subject_id=team_id,
        community_id=community_id,
        login_id=by,
        facts=facts,
    )
