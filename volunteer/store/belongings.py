"""What goes along when a resident is merged into another, and comes back when that is undone:
cards, sign-ins, homes, groups, families, consents, numbers elsewhere, phone, duties.

Each table gives the ids of the rows that went. What the kept resident has already stays with the
merged one: two rows of the same group or the same system would say the same thing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, exists, select, update

from volunteer.domain.merge import newest_consents
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx
from volunteer.store.models import (
    ActivationCode,
    Card,
    Consent,
    ContactPhone,
    EventLeader,
    ExternalNumber,
    FamilyRequest,
    HouseholdMember,
    LoginResident,
    Membership,
    Residence,
    SignUp,
    TeamMember,
    WalkIn,
)
from volunteer.store.models.base import Base, table_of

CONSENT = table_of(Consent)
LINK = table_of(LoginResident)
CODE = table_of(ActivationCode)
WALK_IN = table_of(WalkIn)

Moved = dict[str, Any]
"""Ids by table, as JSON: what the merge keeps for its undo."""


@dataclass(frozen=True)
class Two:
    """Who stays, who goes, who does it, when; ``with_sign_ins``: their phones open the kept
    passbook from now on, else they open nothing."""

    community_id: int
    kept_id: int
    merged_id: int
    by: int
    now: datetime
    today: date
    with_sign_ins: bool


Already = Callable[[FromClause, FromClause], ColumnElement[bool]]


def _same(*names: str) -> Already:
    """The kept resident has such a row already, if all these columns agree."""

    def condition(table: FromClause, other: FromClause) -> ColumnElement[bool]:
        agreeing = [other.c[name].is_not_distinct_from(table.c[name]) for name in names]
        result: ColumnElement[bool] = other.c.id.is_not(None)
        for one in agreeing:
            result &= one
        return result

    return condition


def _running_link(table: FromClause, other: FromClause) -> ColumnElement[bool]:
    return (other.c.login_id == table.c.login_id) & other.c.revoked_at.is_(None)


def _household(table: FromClause, other: FromClause) -> ColumnElement[bool]:
    """In one household at a time: whoever stays and belongs to one stays there."""
    return (other.c.household_id == table.c.household_id) | (other.c.state == "agreed")


# A home that the kept resident has of the same kind says where they live; the other one was
# somebody's mistake or lies in the past.
GO_ALONG: Sequence[tuple[type[Base], Already | None]] = (
    (Card, None),
    (Residence, _same("kind")),
    (Membership, _same("youth_group_id")),
    (HouseholdMember, _household),
    (FamilyRequest, _same("login_id")),
    (ExternalNumber, _same("system")),
    (ContactPhone, _same()),
    (EventLeader, _same("event_id")),
    (SignUp, _same("event_id", "shift_id")),
    (TeamMember, _same("team_id")),
    (LoginResident, _running_link),
)
_BY_NAME = {model.__tablename__: table_of(model) for model, _ in GO_ALONG}


def record_moved(tx: Tx, two: Two) -> Moved:
    """Give the kept resident what belongs to the merged one."""
    moved: Moved = {}
    for model, already in GO_ALONG:
        if model is LoginResident and not two.with_sign_ins:
            continue
        table = table_of(model)
        other = table.alias("other")
        going = update(table).where(
            table.c.community_id == two.community_id, table.c.resident_id == two.merged_id
        )
        if already is not None:
            has = select(other.c.id).where(
                other.c.community_id == two.community_id,
                other.c.resident_id == two.kept_id,
                already(table, other),
            )
            going = going.where(~exists(has.correlate(table)))
        ids = tx.run(going.values(resident_id=two.kept_id).returning(table.c.id)).scalars()
        moved[model.__tablename__] = sorted(ids)
    moved["ended_links"] = [] if two.with_sign_ins else _end_links(tx, two)
    moved["consents"] = _bring_consents(tx, two)
    _expire_codes(tx, two)
    moved["walk_in"] = _decide_walk_in(tx, two)
    return moved


def record_moved_back(tx: Tx, two: Two, moved: Mapping[str, Any]) -> None:
    """Give the merged resident back what went along; what changed hands since stays."""
    for name, table in _BY_NAME.items():
        ids = moved.get(name) or []
        if ids:
            tx.run(
                update(table)
                .where(
                    table.c.community_id == two.community_id,
                    table.c.resident_id == two.kept_id,
                    table.c.id.in_(ids),
                )
                .values(resident_id=two.merged_id)
            )
    for link_id, ends_on in moved.get("ended_links") or []:
        last_day = date.fromisoformat(ends_on) if ends_on else None
        tx.run(update(LINK).where(LINK.c.id == link_id).values(ends_on=last_day, revoked_at=None))
    _return_consents(tx, two, moved.get("consents") or [])
    if moved.get("walk_in"):
        tx.run(
            update(WALK_IN)
            .where(WALK_IN.c.id.in_(moved["walk_in"]))
            .values(outcome=None, decided_at=None, decided_by_login_id=None)
        )


def _end_links(tx: Tx, two: Two) -> list[list[Any]]:
    """Sign-ins that do not go along open nothing from the next request on."""
    running = tx.run(
        select(LINK.c.id, LINK.c.starts_on, LINK.c.ends_on).where(
            LINK.c.community_id == two.community_id,
            LINK.c.resident_id == two.merged_id,
            LINK.c.revoked_at.is_(None),
        )
    ).all()
    for link in running:
        last_day = max(two.today, link.starts_on)
        tx.run(
            update(LINK).where(LINK.c.id == link.id).values(ends_on=last_day, revoked_at=two.now)
        )
    return [[link.id, link.ends_on.isoformat() if link.ends_on else None] for link in running]


def _bring_consents(tx: Tx, two: Two) -> list[str]:
    """Answers only grow: the newest one of the person is written down again for who stays."""
    answers = {one: _consents(tx, two, one) for one in (two.kept_id, two.merged_id)}
    newest = {row.what: row for row in answers[two.merged_id]}
    kinds = newest_consents(
        [(row.what, row.given, row.given_at) for row in answers[two.kept_id]],
        [(row.what, row.given, row.given_at) for row in answers[two.merged_id]],
    )
    _write_answers(tx, two, two.kept_id, [newest[what] for what in kinds])
    return kinds


def _return_consents(tx: Tx, two: Two, kinds: Sequence[str]) -> None:
    """Who stays answers as before the merge; who never answered has not agreed."""
    if not kinds:
        return
    brought = {(row.what, row.given, row.given_at) for row in _consents(tx, two, two.merged_id)}
    rows = _consents(tx, two, two.kept_id)
    for what in kinds:
        own = [row for row in rows if row.what == what]
        if not own or (own[-1].what, own[-1].given, own[-1].given_at) not in brought:
            continue  # answered anew since
        before = own[:-1]
        if before:
            _write_answers(tx, two, two.kept_id, [before[-1]])
        else:
            _write_answers(tx, two, two.kept_id, [own[-1]], given=False)


def _consents(tx: Tx, two: Two, resident_id: int) -> Sequence[Any]:
    return tx.run(
        select(CONSENT)
        .where(CONSENT.c.community_id == two.community_id, CONSENT.c.resident_id == resident_id)
        .order_by(CONSENT.c.id)
    ).all()


def _write_answers(
    tx: Tx, two: Two, resident_id: int, answers: Sequence[Any], given: bool | None = None
) -> None:
    rows = [
        {
            "community_id": two.community_id,
            "resident_id": resident_id,
            "what": row.what,
            "given": row.given if given is None else given,
            "text_version": row.text_version,
            "given_by": row.given_by,
            "recorded_by_login_id": two.by,
            "given_at": row.given_at,
        }
        for row in answers
    ]
    if rows:
        insert_rows(tx, CONSENT, rows)


def _expire_codes(tx: Tx, two: Two) -> None:
    """A strip of the passbook that goes would bind a phone to nobody."""
    tx.run(
        update(CODE)
        .where(
            CODE.c.community_id == two.community_id,
            CODE.c.resident_id == two.merged_id,
            CODE.c.used_at.is_(None),
            CODE.c.expires_at > two.now,
        )
        .values(expires_at=two.now)
    )


def _decide_walk_in(tx: Tx, two: Two) -> list[int]:
    deciding = (
        update(WALK_IN)
        .where(
            WALK_IN.c.community_id == two.community_id,
            WALK_IN.c.resident_id == two.merged_id,
            WALK_IN.c.outcome.is_(None),
        )
        .values(outcome="confirmed", decided_at=two.now, decided_by_login_id=two.by)
    )
    return sorted(tx.run(deciding.returning(WALK_IN.c.id)).scalars())
