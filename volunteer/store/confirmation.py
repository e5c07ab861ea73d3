"""Staff say of provisional residents that they exist, or that nobody of that name was there.

Confirming makes them active and posts what their attendances earn, in the order they came, so that
caps see what was posted before. Rejecting annuls the attendances and closes the sign-in. Both hold
the passbooks, as a scan does: a scan that waits for one reads the state again (``store.scans``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select, update

from volunteer.domain.folding import recompute
from volunteer.domain.ledger import Passbook
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.scans import Attendance, Facts, Person, Recorder
from volunteer.store.award import ATTENDANCE, Change, Posting, record_awards
from volunteer.store.database import Tx
from volunteer.store.event_facts import load_events
from volunteer.store.family import load_own_records
from volunteer.store.ledger import lock_passbooks
from volunteer.store.logins import record_sessions_revoked
from volunteer.store.models import Card, Login, LoginResident, Resident, RoleGrant, WalkIn
from volunteer.store.models.base import table_of
from volunteer.store.scan_history import load_history

_link = table_of(LoginResident)
_resident = table_of(Resident)
_walk_in = table_of(WalkIn)


@dataclass(frozen=True)
class Decision:
    """Who says so, when, and the community's day."""

    by: int
    now: datetime
    today: date


def record_confirmed(
    tx: Tx, community_id: int, resident_ids: Sequence[int], decision: Decision
) -> list[int]:
    """Make these provisional residents active and post what they earned; gives those it did.

    Who is not provisional (any more) is left as they are. Raises Refused: ``own_record`` (oneself
    or one's family), ``name_missing`` (came in with a blank card and has no name yet).
    """
    people, books = _load_provisional(tx, community_id, resident_ids, decision)
    if not people:
        return []
    unnamed = select(_walk_in.c.id).where(
        _walk_in.c.community_id == community_id,
        _walk_in.c.resident_id.in_([one.resident_id for one in people]),
        _walk_in.c.unnamed,
    )
    if tx.run(unnamed.limit(1)).first():
        raise refuse(Code.NAME_MISSING)
    facts = _load_facts(tx, community_id, people)
    posting = Posting(Recorder(login_id=decision.by), decision.now)
    changes = [_earning(one, facts, posting) for one in _waiting(facts, people)]
    record_awards(tx, changes, books)
    confirmed = [one.resident_id for one in people]
    _record_decided(tx, community_id, confirmed, "active", decision)
    return confirmed


def record_rejected(
    tx: Tx, community_id: int, resident_ids: Sequence[int], decision: Decision
) -> list[int]:
    """Annul what these provisional residents attended, end their cards, close their sign-in; gives
    those it did. A phone number that one of them signed in with is free again.

    Raises Refused: ``own_record``.
    """
    people, books = _load_provisional(tx, community_id, resident_ids, decision)
    if not people:
        return []
    facts = _load_facts(tx, community_id, people)
    posting = Posting(Recorder(login_id=decision.by), decision.now)
    changes = [
        Change.by_one(
            one, replace(one, annulled_at=decision.now), facts.events[one.event_id], posting
        )
        for one in _waiting(facts, people)
    ]
    record_awards(tx, changes, books)
    rejected = [one.resident_id for one in people]
    _record_decided(tx, community_id, rejected, "rejected", decision)
    tx.run(
        update(Card)
        .where(Card.resident_id.in_(rejected), Card.state == "active")
        .values(state="revoked", ended_at=decision.now)
    )
    _close_logins(tx, rejected, decision.now)
    return rejected


def _load_provisional(
    tx: Tx, community_id: int, resident_ids: Iterable[int], decision: Decision
) -> tuple[list[Person], dict[int, Passbook]]:
    """The provisional ones among these, read under the locks of their passbooks."""
    wanted = sorted(set(resident_ids))
    books = lock_passbooks(tx, wanted)
    found = tx.run(
        select(_resident.c.id, _resident.c.name)
        .where(
            _resident.c.community_id == community_id,
            _resident.c.id.in_(wanted),
            _resident.c.state == "provisional",
        )
        .order_by(_resident.c.id)
    )
    people = [
        Person(row.id, community_id, row.name, "provisional", None, "18_plus") for row in found
    ]
    family = load_own_records(tx, community_id, decision.by, decision.today)
    if family & {one.resident_id for one in people}:
        raise refuse(Code.OWN_RECORD)
    return people, {one.resident_id: books[one.resident_id] for one in people}


def _load_facts(tx: Tx, community_id: int, people: Sequence[Person]) -> Facts:
    """Events, scans and attendances of these people, the same days' included: caps see them."""
    ids = [one.resident_id for one in people]
    events = tx.run(
        select(ATTENDANCE.c.event_id).where(
            ATTENDANCE.c.community_id == community_id, ATTENDANCE.c.resident_id.in_(ids)
        )
    )
    facts = Facts(people={one.resident_id: one for one in people})
    load_events(tx, set(events.scalars()), set(), facts)
    load_history(tx, community_id, (), facts)
    return facts


def _waiting(facts: Facts, people: Sequence[Person]) -> list[Attendance]:
    """Attendances that wait for this, in the order in which people came."""
    ids = {one.resident_id for one in people}
    waiting = [
        one
        for one in facts.attendances.values()
        if one.resident_id in ids and one.provisional and one.annulled_at is None
    ]
    return sorted(
        waiting, key=lambda one: (one.local_date, str(one.checked_in_at or ""), one.id or 0)
    )


def _earning(before: Attendance, facts: Facts, posting: Posting) -> Change:
    event = facts.events[before.event_id]
    counting = facts.counting(before.event_id, before.resident_id)
    # Nothing of it is posted yet: its place is here, behind what came before.
    after = recompute(replace(before, provisional=False), counting, event, facts, posted=0)
    facts.attendances[before.event_id, before.resident_id] = after
    return Change.by_one(before, after, event, posting)


def _record_decided(
    tx: Tx, community_id: int, resident_ids: list[int], state: str, decision: Decision
) -> None:
    tx.run(update(_resident).where(_resident.c.id.in_(resident_ids)).values(state=state))
    tx.run(
        update(_walk_in)
        .where(
            _walk_in.c.community_id == community_id,
            _walk_in.c.resident_id.in_(resident_ids),
            _walk_in.c.outcome.is_(None),
        )
        .values(
            outcome="confirmed" if state == "active" else "rejected",
            decided_at=decision.now,
            decided_by_login_id=decision.by,
        )
    )


def _close_logins(tx: Tx, resident_ids: list[int], now: datetime) -> None:
    """Sign-ins that were made for these people and open nothing else.

    The passbook number takes the phone's place: an unproved phone must not keep its owner out.
    """
    other = _link.alias("other")
    others = (
        select(other.c.id)
        .where(other.c.login_id == Login.id, other.c.resident_id.not_in(resident_ids))
        .exists()
    )
    holds_role = select(RoleGrant.id).where(RoleGrant.login_id == Login.id).exists()
    found = tx.run(
        select(Login.id, Login.passbook_number, _resident.c.passbook_number.label("number"))
        .join(_link, _link.c.login_id == Login.id)
        .join(_resident, _resident.c.id == _link.c.resident_id)
        .where(
            _link.c.resident_id.in_(resident_ids),
            _link.c.relation == "self",
            ~others,
            ~holds_role,
        )
    ).all()
    for row in found:
        closing = {"deactivated_at": now, "phone": None, "passbook_number": row.number}
        tx.run(update(Login).where(Login.id == row.id).values(**closing))
        record_sessions_revoked(tx, row.id, now)
