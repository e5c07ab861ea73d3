"""The rules of scanning: each row decided in turn, seeing what the rows before it did.

``decide_rows`` is pure: it touches nothing but the ``Facts`` it was given. Points are worked out
as the rows go by, so a verdict can say what it earned; what is posted in the end is the difference
between the attendances before and after the whole batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from volunteer.domain.age import needs_guardian_consent
from volunteer.domain.attendance import (
    ORGANIZERS_PROVENANCES,
    AcceptedScan,
    interval_of,
    service_minutes,
    undone_ids,
)
from volunteer.domain.points import parts_of
from volunteer.domain.refusals import Code, Outcome, Refusal, Refused, refuse
from volunteer.domain.scans import (
    FUTURE_MINUTES,
    PARTS,
    SELF_PROVENANCES,
    Attendance,
    Batch,
    CardFacts,
    EventFacts,
    Facts,
    Person,
    Recorder,
    Row,
    Scan,
    StoredScan,
    Verdict,
)
from volunteer.domain.tokens import EventCode, Foreign, Presented

GONE_STATES = frozenset({"merged", "deceased", "rejected"})


@dataclass
class Decided:
    """A new scan with its verdict, as it will be stored."""

    scan: Scan
    batch: Batch
    verdict: Verdict
    event_id: int | None
    resident_id: int | None
    card_id: int | None
    override: str | None


@dataclass
class _Case:
    """A row, and what has been found out about it while it is decided."""

    scan: Scan
    batch: Batch
    event: EventFacts | None = None
    person: Person | None = None
    card_id: int | None = None
    override: str | None = None
    provenance: str = ""

    @property
    def recorder(self) -> Recorder:
        return self.batch.recorder

    @property
    def now(self) -> datetime:
        return self.batch.now


def decide_rows(rows: Iterable[Row], facts: Facts) -> list[Decided]:
    """Decide rows with distinct ids; gives the new ones, to be stored. Afterwards
    ``facts.stored`` has an answer for every id."""
    decided: list[Decided] = []
    for sent in sorted(rows, key=lambda row: row.scan.order):
        scan = sent.scan
        if scan.client_id in facts.stored:  # a retry: answered before any rule is asked
            continue
        row = _Case(scan, sent.batch, provenance=scan.provenance)
        try:
            verdict = _decide(row, facts)
        except Refused as refused:
            verdict = Verdict.refused(scan.client_id, refused.refusal)
            verdict = replace(verdict, resident_id=_kept_resident(row, verdict))
        new = Decided(
            replace(scan, provenance=row.provenance),
            sent.batch,
            verdict,
            row.event.id if row.event else None,
            verdict.resident_id,
            row.card_id,
            row.override,
        )
        decided.append(new)
        facts.keep(scan.client_id, _as_stored(new))
    return decided


def _kept_resident(row: _Case, verdict: Verdict) -> int | None:
    """A child without a guardian's consent is not written down, not even in a refused scan."""
    if row.person is None or verdict.code == Code.CONSENT_MISSING:
        return None
    if row.event is None or row.person.community_id != row.event.community_id:
        return None
    return row.person.resident_id


def _as_stored(new: Decided) -> StoredScan:
    accepted = _accepted(new.scan, new.batch)
    return StoredScan(accepted, new.scan.body_hash, new.verdict, new.event_id, new.resident_id)


def _accepted(scan: Scan, batch: Batch) -> AcceptedScan:
    return AcceptedScan(
        client_id=scan.client_id,
        direction=scan.direction,
        corrected_at=scan.corrected_at,
        received_at=batch.now,
        provenance=scan.provenance,
        recorder=batch.recorder.key,
        undoes=scan.undoes,
    )


def _decide(row: _Case, facts: Facts) -> Verdict:
    if row.scan.fault is not None:
        row.event = facts.events.get(row.scan.event_id or 0)
        raise refuse(row.scan.fault)
    if row.scan.direction == "undo":
        return _decide_undo(row, facts)
    _find_event(row, facts)
    assert row.event is not None
    row.person = _find_person(row, facts)
    check_event(row.scan, row.event, row.now)
    row.person = _as_guest(row.person, row.event, facts)
    _check_person(row, facts)
    attendance = attendance_at(row.event, row.person, facts)
    if attendance.annulled_at is not None:
        raise refuse(Code.ATTENDANCE_ANNULLED)
    if row.scan.direction == "in" and attendance.state == "undone":
        _check_seat(row, facts)
    return _fold(row, attendance, facts)


def _find_event(row: _Case, facts: Facts) -> None:
    event = facts.events.get(row.scan.event_id) if row.scan.event_id is not None else None
    if event is None or not row.batch.sees(event):
        raise refuse(Code.EVENT_UNKNOWN)
    row.event = event
    recorder = row.recorder
    if recorder.device_id is not None:
        station = facts.stations.get((event.id, recorder.device_id))
        if station is None or not station.takes(row.scan.corrected_at):
            raise refuse(Code.DEVICE_NOT_ALLOWED)
    elif recorder.login_id is not None and not recorder.is_self and not recorder.runs(event):
        raise refuse(Code.NOT_YOUR_EVENT)


def _find_person(row: _Case, facts: Facts) -> Person:
    scan, recorder = row.scan, row.recorder
    if isinstance(scan.presented, EventCode):
        return _find_self(row, scan.presented, facts)
    if scan.resident_id is not None:
        person = facts.people.get(scan.resident_id)
        own = scan.resident_id in recorder.acts_for
        if person is None or not (own or _is_listed(person, row.batch)):
            raise refuse(Code.NOT_FOUND)
        return person
    if recorder.is_self:
        # A signed-in resident presents event codes; a card is for a leader or a device to scan.
        raise refuse(Code.CODE_MALFORMED if scan.presented is None else Code.NOT_YOUR_EVENT)
    assert row.event is not None
    card = _find_card(scan.presented, facts)
    if card.community_id == row.event.community_id:
        row.card_id = card.card_id
    assert card.resident_id is not None
    return facts.people[card.resident_id]


def _is_listed(person: Person, batch: Batch) -> bool:
    """Whether the person may stand on a list of names that the recorder ticks."""
    return not batch.recorder.is_self and batch.scope.sees(person.community_id)


def _find_self(row: _Case, code: EventCode, facts: Facts) -> Person:
    assert row.event is not None
    if not row.recorder.is_self:
        raise refuse(Code.CODE_UNKNOWN)
    if code.event_id is not None and code.event_id != row.event.id:
        raise refuse(Code.CODE_UNKNOWN)
    found = facts.event_codes[row.scan.client_id]
    if isinstance(found, Refusal):
        raise Refused(found)
    row.provenance = found
    wanted = row.scan.resident_id or next(iter(row.recorder.own_resident_ids), None)
    person = facts.people.get(wanted) if wanted in row.recorder.acts_for else None
    if person is None:
        raise refuse(Code.NOT_FOUND)
    return person


def _find_card(presented: Presented | None, facts: Facts) -> CardFacts:
    if presented is None:
        raise refuse(Code.CODE_MALFORMED)
    card = facts.cards.get(presented)
    if card is None:
        raise refuse(Code.CODE_FOREIGN if isinstance(presented, Foreign) else Code.CARD_UNKNOWN)
    ended_on = card.ended_on.isoformat() if card.ended_on else None
    if card.state == "replaced":
        raise refuse(Code.CARD_REPLACED, ended_on=ended_on)
    if card.state == "revoked":
        raise refuse(Code.CARD_REVOKED, ended_on=ended_on)
    if card.resident_id is None:
        raise refuse(Code.CARD_BLANK)
    return card


def check_event(scan: Scan, event: EventFacts, now: datetime) -> None:
    """Whether the event takes a scan of this time at all. Raises Refused."""
    if event.state == "cancelled":
        raise refuse(Code.EVENT_CANCELLED)
    if scan.provenance == "auto_close":  # however late the job ran
        return
    if scan.corrected_at > now + timedelta(minutes=FUTURE_MINUTES):
        raise refuse(Code.SCAN_IN_FUTURE)
    if now > event.takes_scans_until:
        raise refuse(Code.LATE_SCAN, hours=event.late_scan_hours)
    if scan.provenance in ORGANIZERS_PROVENANCES:
        return
    if scan.provenance == "roll_call" and now > event.day_ends_at:
        raise refuse(Code.ROLL_CALL_OVER)
    if scan.corrected_at < event.opens_at:
        raise refuse(Code.CHECK_IN_NOT_OPEN, opens_at=event.opens_at.isoformat())
    if scan.direction == "in" and scan.corrected_at > event.closes_at:
        raise refuse(Code.CHECK_IN_CLOSED, closed_at=event.closes_at.isoformat())
    if scan.direction == "out" and scan.corrected_at > event.check_out_closes_at:
        raise refuse(Code.CHECK_OUT_CLOSED, closed_at=event.check_out_closes_at.isoformat())


def _as_guest(person: Person, event: EventFacts, facts: Facts) -> Person:
    """Somebody of another community goes on with their guest passbook in the host's books."""
    if person.community_id == event.community_id:
        return person
    guest_id = facts.guests.get((event.community_id, person.resident_id))
    if not event.takes_guests or guest_id is None:
        raise refuse(Code.CARD_FOREIGN)
    if person.state == "provisional":
        # Who is not confirmed at home would be awarded here by nobody's word.
        raise refuse(Code.NOT_CONFIRMED_AT_HOME)
    return as_guest(person, event.community_id, guest_id)


def as_guest(person: Person, community_id: int, guest_id: int) -> Person:
    """Somebody of another community in the host's books: on no building's and no group's board."""
    return replace(
        person,
        resident_id=guest_id,
        community_id=community_id,
        home_resident_id=person.resident_id,
        merges=0,
        residences=(),
        memberships=(),
    )


def _check_person(row: _Case, facts: Facts) -> None:
    person, event, recorder = row.person, row.event, row.recorder
    assert person is not None
    assert event is not None
    if person.state in GONE_STATES:
        raise refuse(Code.RESIDENT_INACTIVE)
    own = recorder.login_id in (person.self_login_ids | person.guardian_login_ids)
    family = bool(person.self_login_ids & facts.family_login_ids(recorder))
    for_another = not recorder.is_self and row.scan.provenance not in ORGANIZERS_PROVENANCES
    if for_another and recorder.login_id is not None and (own or family):
        raise refuse(Code.OWN_RECORD)
    needs = needs_guardian_consent(person.birth_date, person.age_band, event.local_date)
    if needs and not person.guardian_consent:
        raise refuse(Code.CONSENT_MISSING)


def _check_seat(row: _Case, facts: Facts) -> None:
    """A full event keeps self check-ins out; staff let people in, and that is written down."""
    event = row.event
    assert event is not None
    if event.capacity is None:
        return
    if facts.seats_taken.get(event.id, 0) < event.capacity:
        return
    if row.provenance in SELF_PROVENANCES:
        raise refuse(Code.EVENT_FULL, capacity=event.capacity)
    row.override = "over_capacity"


def attendance_at(event: EventFacts, person: Person, facts: Facts) -> Attendance:
    """The attendance as it stands, or a new one with nothing in it yet."""
    key = (event.id, person.resident_id)
    found = facts.attendances.get(key)
    if found is not None:
        return found
    at_work = facts.leaders.get(key)
    return Attendance(
        event_id=event.id,
        resident_id=person.resident_id,
        local_date=event.local_date,
        on_duty=bool(at_work),
        is_leader=at_work is not None,
        provisional=person.state == "provisional",
        building_id=person.building_on(event.local_date),
        youth_group_id=person.youth_group_on(event.local_date, event.youth_group_id),
    )


def _fold(row: _Case, before: Attendance, facts: Facts) -> Verdict:
    """Add the scan to its attendance's set and see what that changes."""
    event, person = row.event, row.person
    assert event is not None
    assert person is not None
    scan = replace(_accepted(row.scan, row.batch), provenance=row.provenance)
    counting = [*facts.counting(event.id, person.resident_id), scan]
    after = recompute(before, counting, event, facts)
    changed = (after.state, after.checked_in_at) != (before.state, before.checked_in_at)
    earned = (after.points, after.minutes) != (before.points, before.minutes)
    if scan.client_id in undone_ids(counting):  # its undo came first
        _keep(row, before, after, facts)
        return _verdict(row, "accepted", Outcome.UNDONE, before, after, facts)
    if row.scan.direction == "out" and (
        after.checked_in_at is None or row.scan.corrected_at < after.checked_in_at
    ):
        return _verdict(row, "waiting", Outcome.OUT_BEFORE_IN, before, before, facts)
    if row.override is None and row.provenance == "roll_call" and row.now > event.closes_at:
        row.override = "roll_call_after"
    if row.override and after.override is None:
        after = replace(after, override=row.override, override_by=row.recorder.key)
    _keep(row, before, after, facts)
    first_out = before.state != "complete" and after.state == "complete"
    if changed or earned or first_out:
        outcome = Outcome.OK_IN if row.scan.direction == "in" else Outcome.OK_OUT
        return _verdict(row, "accepted", outcome, before, after, facts)
    outcome = Outcome.ALREADY_IN if row.scan.direction == "in" else Outcome.ALREADY_OUT
    return _verdict(row, "already", outcome, before, after, facts)


def recompute(
    before: Attendance, counting: list[AcceptedScan], event: EventFacts, facts: Facts
) -> Attendance:
    """The attendance that this set of scans makes, with what it earns."""
    interval = interval_of(counting)
    window_ends_at = event.ends_at if before.is_leader else event.window_ends_at
    minutes = (
        service_minutes(interval, event.starts_at, window_ends_at)
        if interval.state == "complete"
        else None
    )
    after = replace(
        before,
        state=interval.state,
        checked_in_at=interval.checked_in_at,
        checked_out_at=interval.checked_out_at,
        ended_how=interval.ended_how,
        provenance=interval.provenance or before.provenance,
        check_in_points=0,
        check_out_points=0,
        minutes=0,
    )
    if not after.counts:
        return after
    parts = parts_of(
        event.rule,
        minutes,
        is_leader=after.is_leader,
        earns_minutes=event.measure == "service",
        had_that_day=facts.points_that_day(after),
    )
    return replace(
        after,
        check_in_points=parts.check_in_points,
        check_out_points=parts.check_out_points,
        minutes=parts.minutes,
    )


def _keep(row: _Case, before: Attendance, after: Attendance, facts: Facts) -> None:
    if not after.provenance:  # nobody came: an out and an undo alone make no attendance
        return
    event = row.event
    assert event is not None
    facts.attendances[(after.event_id, after.resident_id)] = after
    for part in PARTS:
        if after.worth(part) != before.worth(part):
            facts.moved_by[(after.event_id, after.resident_id, part)] = row.batch
    if event.capacity is not None:
        seats = int(after.state != "undone") - int(before.state != "undone")
        facts.seats_taken[event.id] = facts.seats_taken.get(event.id, 0) + seats
    balance, owed = facts.balances.get(after.resident_id, (0, 0))
    gained = after.points - before.points
    repaid = min(max(gained, 0), owed)
    facts.balances[after.resident_id] = (max(balance + gained - repaid, 0), owed - repaid)


def _verdict(
    row: _Case, verdict: str, outcome: Outcome, before: Attendance, after: Attendance, facts: Facts
) -> Verdict:
    assert row.person is not None
    said: dict[str, int | str | bool] = {"event_id": after.event_id}
    if after.checked_in_at:
        said["checked_in_at"] = after.checked_in_at.isoformat()
    if after.checked_out_at:
        said["checked_out_at"] = after.checked_out_at.isoformat()
    if verdict == "accepted":
        said["points"] = after.points - before.points
    said["total_points"] = after.points
    said["minutes"] = after.minutes
    said["balance_points"] = facts.balances.get(after.resident_id, (0, 0))[0]
    if after.on_duty:
        said["on_duty"] = True
    if after.provisional:
        said["provisional"] = True
    if row.override:
        said["override"] = row.override
    return Verdict(
        row.scan.client_id,
        verdict,  # type: ignore[arg-type]
        outcome,
        said,
        row.person.resident_id,
        row.person.name,
    )


def _decide_undo(row: _Case, facts: Facts) -> Verdict:
    scan = row.scan
    target = facts.stored.get(scan.undoes) if scan.undoes else None
    if target is None or not target.counts:
        return _undo_waits(row, target, facts)
    undo = _accepted(scan, row.batch)
    if target.event_id is None or target.event_id != (scan.event_id or target.event_id):
        raise refuse(Code.UNDO_UNKNOWN)
    row.event = facts.events[target.event_id]
    row.person = facts.people.get(target.resident_id) if target.resident_id else None
    if target.scan.direction == "undo" or not undo.scanned_by_recorder_of(target.scan):
        raise refuse(Code.UNDO_NOT_YOURS)
    if not undo.in_time_to_undo(target.scan):
        raise refuse(Code.UNDO_TOO_LATE)
    check_event(scan, row.event, row.now)
    assert row.person is not None
    before = attendance_at(row.event, row.person, facts)
    if before.annulled_at is not None:
        raise refuse(Code.ATTENDANCE_ANNULLED)
    counting = [*facts.counting(row.event.id, row.person.resident_id), undo]
    after = recompute(before, counting, row.event, facts)
    _keep(row, before, after, facts)
    return _verdict(row, "accepted", Outcome.UNDONE, before, after, facts)


def _undo_waits(row: _Case, target: StoredScan | None, facts: Facts) -> Verdict:
    """An undo may come before what it undoes (two uploads, out of order); it must say whose."""
    if target is not None or row.scan.undoes is None:
        raise refuse(Code.UNDO_UNKNOWN)
    _find_event(row, facts)
    assert row.event is not None
    try:
        row.person = _find_person(row, facts)
    except Refused:
        raise refuse(Code.UNDO_UNKNOWN) from None
    check_event(row.scan, row.event, row.now)
    row.person = _as_guest(row.person, row.event, facts)
    _check_person(row, facts)
    before = attendance_at(row.event, row.person, facts)
    return _verdict(row, "waiting", Outcome.UNDO_BEFORE_SCAN, before, before, facts)
