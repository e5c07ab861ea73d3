"""Loads what a batch of scans is decided on, in a number of statements that does not grow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    BindParameter,
    CompoundSelect,
    Date,
    Integer,
    Select,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from volunteer.domain.attendance import AcceptedScan
from volunteer.domain.event_codes import decide_event_code
from volunteer.domain.points import PointsRule
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.scans import (
    Attendance,
    Batch,
    CardFacts,
    EventFacts,
    Facts,
    Person,
    Scan,
    StoredScan,
    Verdict,
)
from volunteer.domain.tokens import (
    CardCode,
    CardNumber,
    EventCode,
    Foreign,
    Keys,
    PassbookNumber,
    card_code_hash,
)
from volunteer.store import models as m
from volunteer.store.database import Tx
from volunteer.store.guests import load_guests
from volunteer.store.models.base import table_of

_account = table_of(m.Account)
_activity = table_of(m.Activity)
_attendance = table_of(m.Attendance)
_card = table_of(m.Card)
_community = table_of(m.Community)
_consent = table_of(m.Consent)
_device = table_of(m.Device)
_device_activity = table_of(m.DeviceActivity)
_event = table_of(m.Event)
_leader = table_of(m.EventLeader)
_login_resident = table_of(m.LoginResident)
_membership = table_of(m.Membership)
_residence = table_of(m.Residence)
_resident = table_of(m.Resident)
_rule = table_of(m.PointsRule)
_scan = table_of(m.Scan)


def load_presented(tx: Tx, batch: Batch, scans: Sequence[Scan], facts: Facts) -> int | None:
    """Find events, cards and people without locks; gives the community of the batch, or None when
    nothing tells whose it is. Rows of another community's events find no event."""
    undone = _load_undone(tx, scans)
    event_ids = {scan.event_id for scan in scans} | {event_id for event_id, _ in undone}
    _load_events(tx, batch, event_ids - {None}, facts)
    community_id = batch.community_id or _first_community(scans, undone, facts)
    if community_id is None:
        return None
    facts.events = {
        event_id: event
        for event_id, event in facts.events.items()
        if event.community_id == community_id
    }
    _load_cards(tx, scans, facts)
    _load_residents(tx, batch, scans, {resident_id for _, resident_id in undone}, facts)
    _verify_event_codes(scans, facts, batch.keys)
    _load_dated(tx, facts)
    load_guests(tx, community_id, scans, facts)
    return community_id


def resident_ids(facts: Facts) -> set[int]:
    """Residents of the batch's community whose passbooks may be touched: guests included."""
    communities = {event.community_id for event in facts.events.values()}
    at_home = {
        person.resident_id for person in facts.people.values() if person.community_id in communities
    }
    return at_home | set(facts.guests.values())


def many(name: str) -> BindParameter[Any]:
    """A list of any length as one parameter of a statement that is built once."""
    return bindparam(name, expanding=True)


_UNDONE = select(_scan.c.event_id, _scan.c.resident_id).where(
    _scan.c.client_id.in_(many("client_ids")), _scan.c.event_id.is_not(None)
)


def _first_community(
    scans: Sequence[Scan], undone: Iterable[tuple[int, int | None]], facts: Facts
) -> int | None:
    wanted = [scan.event_id for scan in scans] + [event_id for event_id, _ in undone]
    found = (facts.events[event_id] for event_id in wanted if event_id in facts.events)
    return next((event.community_id for event in found), None)


def _load_undone(tx: Tx, scans: Sequence[Scan]) -> list[tuple[int, int | None]]:
    """Event and resident of the scans that undos of this batch name; a read only if there are."""
    named = [scan.undoes for scan in scans if scan.undoes is not None]
    if not named:
        return []
    rows = tx.run(_UNDONE, client_ids=named)
    return [(row.event_id, row.resident_id) for row in rows]


@lru_cache(maxsize=4)
def _events(for_device: bool) -> Select[Any]:
    def system_account(kind: str) -> Any:
        return (
            select(_account.c.id)
            .where(_account.c.community_id == _event.c.community_id, _account.c.kind == kind)
            .scalar_subquery()
            .label(f"{kind}_account_id")
        )

    columns = [
        _event.c.id,
        _event.c.community_id,
        _event.c.activity_id,
        _event.c.starts_at,
        _event.c.ends_at,
        _event.c.ended_at,
        _event.c.state,
        _event.c.local_date,
        _event.c.capacity,
        _event.c.poster_on,
        _event.c.code_epoch,
        _activity.c.youth_group_id,
        _activity.c.measure,
        _activity.c.takes_guests,
        _rule.c.id.label("rule_id"),
        _rule.c.version,
        _rule.c.fixed_points,
        _rule.c.points_per_hour,
        _rule.c.leader_factor_percent,
        _rule.c.cap_event_points,
        _rule.c.cap_day_points,
        _community.c.time_zone,
        _community.c.check_in_opens_minutes,
        _community.c.check_in_closes_minutes,
        _community.c.auto_close_minutes,
        _community.c.late_scan_hours,
        system_account("issued"),
        system_account("debts"),
    ]
    tables = (
        _event.join(_activity, _activity.c.id == _event.c.activity_id)
        .join(_rule, _rule.c.id == _event.c.points_rule_id)
        .join(_community, _community.c.id == _event.c.community_id)
    )
    wanted = _event.c.id.in_(many("event_ids"))
    if not for_device:
        return select(*columns).select_from(tables).where(wanted)
    named = exists().where(
        _device_activity.c.device_id == _device.c.id,
        _device_activity.c.activity_id == _event.c.activity_id,
    )
    tables = tables.join(_device, _device.c.community_id == _event.c.community_id)
    columns += [
        or_(_device.c.all_activities, named).label("device_allowed"),
        _device.c.daily_from_minute,
        _device.c.daily_to_minute,
    ]
    of_device = _device.c.id == bindparam("device_id")
    return select(*columns).select_from(tables).where(wanted, of_device)


def _load_events(tx: Tx, batch: Batch, event_ids: set[Any], facts: Facts) -> None:
    if not event_ids:
        return
    device_id = batch.recorder.device_id
    which = {} if device_id is None else {"device_id": device_id}
    for row in tx.run(_events(device_id is not None), event_ids=sorted(event_ids), **which):
        # A resident who stands before an event's code may be anybody's neighbour; everyone else
        # sees the events of their scope.
        if batch.recorder.is_self or tx.scope.sees(row.community_id):
            facts.events[row.id] = _event_facts(row, device_id is not None)


def load_event(tx: Tx, event_id: int) -> EventFacts:
    """One event of the scope, as the rules see it. Raises Refused: event_unknown."""
    row = tx.run(_events(False), event_ids=[event_id]).first()
    if row is None or not tx.scope.sees(row.community_id):
        raise refuse(Code.EVENT_UNKNOWN)
    return _event_facts(row, False)


def _event_facts(row: Any, for_device: bool) -> EventFacts:
    zone = ZoneInfo(row.time_zone)
    midnight = datetime.combine(row.local_date, time(), zone)
    return EventFacts(
        id=row.id,
        community_id=row.community_id,
        activity_id=row.activity_id,
        youth_group_id=row.youth_group_id,
        measure=row.measure,
        takes_guests=row.takes_guests,
        rule=PointsRule(
            row.rule_id,
            row.version,
            row.fixed_points,
            row.points_per_hour,
            row.leader_factor_percent,
            row.cap_event_points,
            row.cap_day_points,
        ),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        state=row.state,
        local_date=row.local_date,
        day_ends_at=datetime.combine(row.local_date + timedelta(days=1), time(), zone),
        capacity=row.capacity,
        poster_on=row.poster_on,
        code_epoch=row.code_epoch,
        opens_minutes=row.check_in_opens_minutes,
        closes_minutes=row.check_in_closes_minutes,
        auto_close_minutes=row.auto_close_minutes,
        late_scan_hours=row.late_scan_hours,
        issued_account_id=row.issued_account_id,
        debts_account_id=row.debts_account_id,
        device_allowed=bool(row.device_allowed) if for_device else True,
        device_from_at=midnight + timedelta(minutes=row.daily_from_minute) if for_device else None,
        device_to_at=midnight + timedelta(minutes=row.daily_to_minute) if for_device else None,
    )


_PERSON = (
    _resident.c.id,
    _resident.c.community_id,
    _resident.c.name,
    _resident.c.state,
    _resident.c.birth_date,
    _resident.c.age_band,
    _resident.c.passbook_number,
    _resident.c.home_resident_id,
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
    or_(_card.c.code_hash.in_(many("code_hashes")), _card.c.number.in_(many("numbers")))
)
_BY_PASSBOOK_NUMBER = select(*_PERSON).where(_resident.c.passbook_number.in_(many("numbers")))
_BY_ID = select(*_PERSON).where(_resident.c.id.in_(many("resident_ids")))


def presented_hash(scan: Scan) -> bytes | None:
    """SHA-256 of the code presented: what a scan row keeps of it."""
    presented = scan.presented
    inside = presented.inside if isinstance(presented, Foreign) else presented
    if isinstance(inside, CardCode | EventCode):
        return card_code_hash(inside.code)
    return hashlib.sha256(inside.number.encode()).digest() if inside else None


def _load_cards(tx: Tx, scans: Sequence[Scan], facts: Facts) -> None:
    """By code and by number in one statement. A card is looked for in every community: whose it is
    is what the code tells (the one read outside the scope)."""
    codes = {card_code_hash(code): scan.presented for scan in scans if (code := _card_code(scan))}
    numbers = {
        scan.presented.number: scan.presented
        for scan in scans
        if isinstance(scan.presented, CardNumber)
    }
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
        for presented in (codes.get(bytes(row.code_hash)), numbers.get(row.number)):
            if presented is not None:
                facts.cards[presented] = card
        if row.id is not None:
            facts.people[row.id] = _person(row)


def _card_code(scan: Scan) -> str | None:
    presented = scan.presented
    inside = presented.inside if isinstance(presented, Foreign) else presented
    return inside.code if isinstance(inside, CardCode) else None


def _load_passbook_numbers(tx: Tx, scans: Sequence[Scan], facts: Facts) -> None:
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
        facts.cards[wanted[row.passbook_number]] = CardFacts(
            None, row.community_id, "active", None, row.id
        )


def _person(row: Any) -> Person:
    return Person(
        resident_id=row.id,
        community_id=row.community_id,
        name=row.name,
        state=row.state,
        birth_date=row.birth_date,
        age_band=row.age_band,
        home_resident_id=row.home_resident_id,
    )


def _load_residents(
    tx: Tx, batch: Batch, scans: Sequence[Scan], more: set[int | None], facts: Facts
) -> None:
    """People named by id: ticked on a list, or the signed-in resident presenting an event code."""
    wanted = {scan.resident_id for scan in scans} | more
    if any(isinstance(scan.presented, EventCode) for scan in scans):
        wanted |= batch.recorder.own_resident_ids
    missing = {one for one in wanted if one is not None} - facts.people.keys()
    if not missing:
        return
    for row in tx.run(_BY_ID, resident_ids=sorted(missing)):
        if row.id in batch.recorder.acts_for or tx.scope.sees(row.community_id):
            facts.people[row.id] = _person(row)


def _verify_event_codes(scans: Sequence[Scan], facts: Facts, keys: Keys) -> None:
    for scan in scans:
        event = facts.events.get(scan.event_id or 0)
        if event is not None and isinstance(scan.presented, EventCode):
            code = scan.presented.code
            facts.event_codes[(event.id, code)] = decide_event_code(
                scan.presented, event.id, event, keys, facts.now
            )


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
    residents = many("resident_ids")
    is_guardian = cast(_login_resident.c.relation == "guardian", Integer)
    given, at_work = cast(_consent.c.given, Integer), cast(_leader.c.at_work, Integer)
    return union_all(
        _dated("residence", _residence, _residence.c.building_id).where(
            _residence.c.resident_id.in_(residents),
            _residence.c.kind == "lives",
            _residence.c.building_id.is_not(None),
        ),
        _dated("membership", _membership, _membership.c.youth_group_id, _membership.c.id).where(
            _membership.c.resident_id.in_(residents)
        ),
        _dated("consent", _consent, given, _consent.c.id, False).where(
            _consent.c.resident_id.in_(residents), _consent.c.what == "guardian_consent"
        ),
        _dated("leader", _leader, _leader.c.event_id, at_work, False).where(
            _leader.c.resident_id.in_(residents), _leader.c.event_id.in_(many("event_ids"))
        ),
        _dated("login", _login_resident, _login_resident.c.login_id, is_guardian).where(
            _login_resident.c.resident_id.in_(residents),
            _login_resident.c.relation.in_(["self", "guardian"]),
        ),
    )


_DATED = _dated_statement()


def _load_dated(tx: Tx, facts: Facts) -> None:
    """Homes, groups, consents, leaders and logins of the people, in one statement."""
    homes = {person.home_resident_id or person.resident_id for person in facts.people.values()}
    everybody = facts.people.keys() | homes | facts.recorder.own_resident_ids
    if everybody:
        found = tx.run(_DATED, resident_ids=sorted(everybody), event_ids=list(facts.events))
        _place_dated(found, facts)


def _place_dated(rows: Iterable[Any], facts: Facts) -> None:
    by_kind: dict[str, list[Any]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    facts.leaders = {(row.a, row.resident_id): bool(row.b) for row in by_kind.get("leader", [])}
    today = facts.now.date()
    logins = [
        row for row in by_kind.get("login", []) if row.ends_on is None or row.ends_on >= today
    ]
    facts.family_login_ids = frozenset(
        row.a for row in logins if row.b and row.resident_id in facts.recorder.own_resident_ids
    )
    consents = {
        row.resident_id: bool(row.a)
        for row in sorted(by_kind.get("consent", []), key=lambda row: row.b)
    }
    for resident_id, person in facts.people.items():
        home_id = person.home_resident_id or resident_id
        facts.people[resident_id] = Person(
            **{
                **person.__dict__,
                "guardian_consent": consents.get(home_id, False),
                "residences": _spans(by_kind.get("residence", []), resident_id),
                "memberships": _spans(by_kind.get("membership", []), resident_id),
                "self_login_ids": _logins(logins, home_id, guardian=False),
                "guardian_login_ids": _logins(logins, home_id, guardian=True),
            }
        )


def _spans(rows: list[Any], resident_id: int) -> tuple[Any, ...]:
    own = sorted(
        (row for row in rows if row.resident_id == resident_id),
        key=lambda row: (row.starts_on, row.b or 0),
    )
    return tuple((row.starts_on, row.ends_on, row.a) for row in own)


def _logins(rows: list[Any], resident_id: int, *, guardian: bool) -> frozenset[int]:
    return frozenset(
        row.a for row in rows if row.resident_id == resident_id and bool(row.b) == guardian
    )


_STORED = select(
    _scan.c.client_id,
    _scan.c.body_hash,
    _scan.c.event_id,
    _scan.c.resident_id,
    _scan.c.direction,
    _scan.c.corrected_at,
    _scan.c.received_at,
    _scan.c.provenance,
    _scan.c.device_id,
    _scan.c.recorded_by_login_id,
    _scan.c.undoes,
    _scan.c.verdict,
    _scan.c.code,
    _scan.c.facts,
).where(
    _scan.c.community_id == bindparam("community_id"),
    or_(
        _scan.c.client_id.in_(many("client_ids")),
        and_(
            _scan.c.event_id.in_(many("event_ids")),
            _scan.c.resident_id.in_(many("resident_ids")),
        ),
    ),
)
_ATTENDED = select(*(column for column in _attendance.c if column.name != "community_id")).where(
    _attendance.c.community_id == bindparam("community_id"),
    _attendance.c.resident_id.in_(many("resident_ids")),
    _attendance.c.local_date.in_(many("days")),
)


def load_history(tx: Tx, community_id: int, scans: Sequence[Scan], facts: Facts) -> None:
    """What was scanned and attended before, and seats of capped events; read under the locks."""
    people = sorted(resident_ids(facts))
    _lock_capped_events(tx, facts)
    known = [scan.client_id for scan in scans] + [scan.undoes for scan in scans if scan.undoes]
    stored = tx.run(
        _STORED,
        community_id=community_id,
        client_ids=known,
        event_ids=sorted(facts.events),
        resident_ids=people,
    )
    for row in stored:
        facts.stored[row.client_id] = _stored_scan(row)
    if people and facts.events:
        days = sorted({event.local_date for event in facts.events.values()})
        attended = tx.run(_ATTENDED, community_id=community_id, resident_ids=people, days=days)
        for row in attended:
            facts.attendances[(row.event_id, row.resident_id)] = Attendance(**row._mapping)


def _stored_scan(row: Any) -> StoredScan:
    client_id: UUID = row.client_id
    recorder = f"login:{row.recorded_by_login_id}" if row.recorded_by_login_id else "job"
    return StoredScan(
        AcceptedScan(
            client_id=client_id,
            direction=row.direction,
            corrected_at=row.corrected_at,
            received_at=row.received_at,
            provenance=row.provenance,
            recorder=f"device:{row.device_id}" if row.device_id else recorder,
            undoes=row.undoes,
        ),
        bytes(row.body_hash),
        Verdict(client_id, row.verdict, row.code, row.facts, row.resident_id),
        row.event_id,
        row.resident_id,
    )


def _lock_capped_events(tx: Tx, facts: Facts) -> None:
    """A self check-in to a capped event waits for the event, so that two people racing for the
    last place get one place. Staff scans go in anyway and only need the count."""
    capped = sorted(event.id for event in facts.events.values() if event.capacity is not None)
    if not capped:
        return
    if facts.recorder.is_self:
        tx.run(
            select(_event.c.id)
            .where(_event.c.id.in_(capped))
            .order_by(_event.c.id)
            .with_for_update()
        )
    taken = tx.run(
        select(_attendance.c.event_id, func.count().label("seats"))
        .where(_attendance.c.event_id.in_(capped), _attendance.c.state != "undone")
        .group_by(_attendance.c.event_id)
    )
    facts.seats_taken = {row.event_id: row.seats for row in taken}
