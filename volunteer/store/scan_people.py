"""Who was presented: cards, people, and their homes, groups, consents and logins."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Date,
    Integer,
    Select,
    and_,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from volunteer.domain.ledger import Passbook
from volunteer.domain.scans import Batch, CardFacts, Facts, Person, Row, Scan
from volunteer.domain.tokens import (
    CardCode,
    CardNumber,
    EventCode,
    Foreign,
    PassbookNumber,
    Presented,
    card_code_hash,
)
from volunteer.store import models as m
from volunteer.store.bulk import among
from volunteer.store.database import TryAgain, Tx
from volunteer.store.models.base import table_of

_card = table_of(m.Card)
_consent = table_of(m.Consent)
_leader = table_of(m.EventLeader)
_login_resident = table_of(m.LoginResident)
_membership = table_of(m.Membership)
_residence = table_of(m.Residence)
_resident = table_of(m.Resident)


_PERSON = (
    _resident.c.id,
    _resident.c.community_id,
    _resident.c.name,
    _resident.c.state,
    _resident.c.birth_date,
    _resident.c.age_band,
    _resident.c.home_resident_id,
    _resident.c.merges,
)
_named = _resident.alias("named")
"""The row that a number or an id names; of somebody merged it leads to who they are now."""
_FOUND = _resident.join(
    _named, func.coalesce(_named.c.merged_into_id, _named.c.id) == _resident.c.id
)
_CARDS = select(
    _card.c.id.label("card_id"),
    _card.c.community_id.label("card_community_id"),
    _card.c.number,
    _card.c.code_hash,
    _card.c.state.label("card_state"),
    _card.c.ended_at,
    *_PERSON,
).select_from(
    _card.outerjoin(
        _resident,
        and_(
            _resident.c.community_id == _card.c.community_id,
            _resident.c.id == _card.c.resident_id,
        ),
    )
)
_PRESENTED = _CARDS.where(
    or_(among(_card.c.code_hash, "code_hashes"), among(_card.c.number, "numbers"))
)
_BY_PASSBOOK_NUMBER = (
    select(*_PERSON, _named.c.passbook_number.label("number"))
    .select_from(_FOUND)
    .where(among(_named.c.passbook_number, "numbers"))
)
_STATES = select(_resident.c.id, _resident.c.state).where(among(_resident.c.id, "resident_ids"))
_BY_ID = (
    select(*_PERSON, _named.c.id.label("named_id"))
    .select_from(_FOUND)
    .where(among(_named.c.id, "resident_ids"))
)


def presented_hash(scan: Scan) -> bytes | None:
    """SHA-256 of the code presented: what a scan row keeps of it."""
    presented = scan.presented
    inside = presented.inside if isinstance(presented, Foreign) else presented
    if isinstance(inside, CardCode | EventCode):
        return card_code_hash(inside.code)
    return hashlib.sha256(inside.number.encode()).digest() if inside else None


def load_cards(tx: Tx, scans: Iterable[Scan], facts: Facts) -> None:
    """By code and by number in one statement. A card is looked for in every community: whose it is
    is what the code tells (the one read outside the scope)."""
    codes: dict[bytes, set[Presented]] = defaultdict(set)
    numbers: dict[str, Presented] = {}
    for scan in scans:
        # One card may be shown as its code and as its address of another host.
        if scan.presented is not None and (code := _card_code(scan)):
            codes[card_code_hash(code)].add(scan.presented)
        elif isinstance(scan.presented, CardNumber):
            numbers[scan.presented.number] = scan.presented
    _load_passbook_numbers(tx, scans, facts)
    if not codes and not numbers:
        return
    for row in tx.run(_PRESENTED, code_hashes=list(codes), numbers=list(numbers)):
        card = CardFacts(
            row.card_id,
            row.card_community_id,
            row.card_state,
            row.ended_at.date() if row.ended_at else None,
            row.id,
        )
        facts.cards |= dict.fromkeys(codes.get(bytes(row.code_hash), ()), card)
        if row.number in numbers:
            facts.cards[numbers[row.number]] = card
        if row.id is not None:
            facts.people[row.id] = _person(row)


def _card_code(scan: Scan) -> str | None:
    presented = scan.presented
    inside = presented.inside if isinstance(presented, Foreign) else presented
    return inside.code if isinstance(inside, CardCode) else None


def _load_passbook_numbers(tx: Tx, scans: Iterable[Scan], facts: Facts) -> None:
    """A typed passbook number stands for its person; there may be no card at hand."""
    wanted = {
        scan.presented.number: scan.presented
        for scan in scans
        if isinstance(scan.presented, PassbookNumber)
    }
    if not wanted:
        return
    for row in tx.run(_BY_PASSBOOK_NUMBER, numbers=list(wanted)):
        facts.people[row.id] = _person(row)
        facts.cards[wanted[row.number]] = CardFacts(None, row.community_id, "active", None, row.id)


def _person(row: Any) -> Person:
    return Person(
        resident_id=row.id,
        community_id=row.community_id,
        name=row.name,
        state=row.state,
        birth_date=row.birth_date,
        age_band=row.age_band,
        home_resident_id=row.home_resident_id,
        merges=row.merges,
    )


def load_residents(tx: Tx, rows: Sequence[Row], more: set[int | None], facts: Facts) -> None:
    """People named by id: ticked on a list, or the signed-in resident presenting an event code."""
    wanted = {row.scan.resident_id for row in rows} | more
    for row in rows:
        if isinstance(row.scan.presented, EventCode):
            wanted |= row.batch.recorder.own_resident_ids
    missing = {one for one in wanted if one is not None} - facts.people.keys()
    if not missing:
        return
    for found in tx.run(_BY_ID, resident_ids=sorted(missing)):
        person = facts.people.setdefault(found.id, _person(found))
        facts.people[found.named_id] = person


def load_confirmed(tx: Tx, facts: Facts) -> None:
    """Whether people are still provisional, read again under the locks of their passbooks: staff
    may have confirmed them, and posted what they had earned, since they were found."""
    provisional = {
        person.resident_id for person in facts.people.values() if person.state == "provisional"
    }
    if not provisional:
        return
    states = {row.id: row.state for row in tx.run(_STATES, resident_ids=sorted(provisional))}
    for one, person in facts.people.items():
        if person.resident_id in states:
            facts.people[one] = replace(person, state=states[person.resident_id])


def require_same_people(facts: Facts, passbooks: Mapping[int, Passbook]) -> None:
    """Raises TryAgain where somebody was merged, or their merge undone, between finding them and
    locking their passbook: the card may lead to somebody else now."""
    for person in facts.people.values():
        book = passbooks.get(person.resident_id)
        if book is not None and book.merges != person.merges:
            raise TryAgain


def _dated(kind: str, table: Any, a: Any, b: Any = None, dates: bool = True) -> Select[Any]:
    return select(
        literal(kind).label("kind"),
        table.c.resident_id,
        cast(a, BigInteger).label("a"),
        cast(null() if b is None else b, BigInteger).label("b"),
        type_coerce(table.c.starts_on if dates else null(), Date).label("starts_on"),
        type_coerce(table.c.ends_on if dates else null(), Date).label("ends_on"),
    )


def _dated_statement() -> CompoundSelect[Any]:
    is_guardian = cast(_login_resident.c.relation == "guardian", Integer)
    given, at_work = cast(_consent.c.given, Integer), cast(_leader.c.at_work, Integer)
    return union_all(
        _dated("residence", _residence, _residence.c.building_id).where(
            among(_residence.c.resident_id, "resident_ids"),
            _residence.c.kind == "lives",
            _residence.c.building_id.is_not(None),
        ),
        _dated("membership", _membership, _membership.c.youth_group_id, _membership.c.id).where(
            among(_membership.c.resident_id, "resident_ids")
        ),
        _dated("consent", _consent, given, _consent.c.id, False).where(
            among(_consent.c.resident_id, "resident_ids"), _consent.c.what == "guardian_consent"
        ),
        _dated("record", _consent, given, _consent.c.id, False).where(
            among(_consent.c.resident_id, "resident_ids"), _consent.c.what == "keep_record"
        ),
        _dated("leader", _leader, _leader.c.event_id, at_work, False).where(
            among(_leader.c.resident_id, "resident_ids"), among(_leader.c.event_id, "event_ids")
        ),
        _dated("login", _login_resident, _login_resident.c.login_id, is_guardian).where(
            among(_login_resident.c.resident_id, "resident_ids"),
            _login_resident.c.relation.in_(["self", "guardian"]),
        ),
    )


_DATED = _dated_statement()


def load_dated(tx: Tx, batches: Sequence[Batch], facts: Facts) -> None:
    """Homes, groups, consents, leaders and logins of the people, in one statement."""
    people = facts.people.values()
    homes = {person.home_resident_id or person.resident_id for person in people}
    own = frozenset().union(*(batch.recorder.own_resident_ids for batch in batches))
    everybody = {person.resident_id for person in people} | homes | own
    if everybody:
        found = tx.run(_DATED, resident_ids=sorted(everybody), event_ids=list(facts.events))
        _place_dated(found, own, max(batch.now for batch in batches).date(), facts)


def _place_dated(rows: Iterable[Any], own: frozenset[int], today: date, facts: Facts) -> None:
    found: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for row in rows:
        found[row.kind, row.resident_id].append(row)

    def logins(resident_id: int, *, guardian: bool) -> frozenset[int]:
        return frozenset(
            row.a
            for row in found.get(("login", resident_id), ())
            if bool(row.b) == guardian and (row.ends_on is None or row.ends_on >= today)
        )

    def answered(kind: str, resident_id: int) -> bool | None:
        given = found.get((kind, resident_id), ())
        return bool(max(given, key=lambda row: row.b).a) if given else None

    facts.guardian_login_ids = {one: logins(one, guardian=True) for one in own}
    for named_id, person in facts.people.items():
        resident_id = person.resident_id
        home_id = person.home_resident_id or resident_id
        for row in found.get(("leader", resident_id), ()):
            facts.leaders[(row.a, resident_id)] = bool(row.b)
        facts.people[named_id] = replace(
            person,
            guardian_consent=bool(answered("consent", home_id)),
            record_consent=answered("record", home_id),
            residences=_spans(found.get(("residence", resident_id), ())),
            memberships=_spans(found.get(("membership", resident_id), ())),
            self_login_ids=logins(home_id, guardian=False),
            guardian_login_ids=logins(home_id, guardian=True),
        )


def _spans(rows: Iterable[Any]) -> tuple[tuple[date, date | None, int], ...]:
    in_order = sorted(rows, key=lambda row: (row.starts_on, row.b or 0))
    return tuple((row.starts_on, row.ends_on, row.a) for row in in_order)
