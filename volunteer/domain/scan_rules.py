"""The rules of scanning: each row decided in turn, seeing what the rows before it did.

``decide_rows`` is pure: it touches nothing but the ``Facts`` it was given. A row is let in
(``admission``), then folded into its attendance (``folding``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from volunteer.domain.admission import (
    check_event,
    check_person,
    check_record_consent,
    check_seat,
    enter_as_guest,
    find_event,
    find_person,
)
from volunteer.domain.folding import attendance_at, fold, keep, recompute, verdict_on
from volunteer.domain.refusals import Code, Outcome, Refused, refuse
from volunteer.domain.scan_case import Case, Decided, accepted_scan
from volunteer.domain.scans import Facts, Row, StoredScan, Verdict


def decide_rows(rows: Iterable[Row], facts: Facts) -> list[Decided]:
    """Decide rows with distinct ids; gives the new ones, to be stored. Afterwards
    ``facts.stored`` has an answer for every id."""
    decided: list[Decided] = []
    for sent in sorted(rows, key=lambda row: row.scan.order):
        scan = sent.scan
        if scan.client_id in facts.stored:  # a retry: answered before any rule is asked
            continue
        row = Case(scan, sent.batch, provenance=scan.provenance)
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


def _kept_resident(row: Case, verdict: Verdict) -> int | None:
    """Who has not agreed, or not any more, is not written down, not even in a refused scan."""
    if row.person is None or verdict.code in (Code.CONSENT_MISSING, Code.RECORD_TAKEN_BACK):
        return None
    if row.event is None or row.person.community_id != row.event.community_id:
        return None
    return row.person.resident_id


def _as_stored(new: Decided) -> StoredScan:
    accepted = accepted_scan(new.scan, new.batch)
    return StoredScan(accepted, new.scan.body_hash, new.verdict, new.event_id, new.resident_id)


def _decide(row: Case, facts: Facts) -> Verdict:
    if row.scan.fault is not None:
        row.event = facts.events.get(row.scan.event_id or 0)
        raise refuse(row.scan.fault)
    if row.scan.direction == "undo":
        return _decide_undo(row, facts)
    find_event(row, facts)
    assert row.event is not None
    row.person = find_person(row, facts)
    check_event(row.scan, row.event, row.now)
    row.person = enter_as_guest(row.person, row.event, facts)
    check_person(row, facts)
    attendance = attendance_at(row.event, row.person, facts)
    if attendance.annulled_at is not None:
        raise refuse(Code.ATTENDANCE_ANNULLED)
    if row.scan.direction == "in" and attendance.state == "undone":
        check_record_consent(row)
        check_seat(row, facts)
    return fold(row, attendance, facts)


def _decide_undo(row: Case, facts: Facts) -> Verdict:
    scan = row.scan
    target = facts.stored.get(scan.undoes) if scan.undoes else None
    if target is None or not target.counts:
        return _undo_waits(row, target, facts)
    undo = accepted_scan(scan, row.batch)
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
    keep(row, before, after, facts)
    return verdict_on(row, "accepted", Outcome.UNDONE, before, after, facts)


def _undo_waits(row: Case, target: StoredScan | None, facts: Facts) -> Verdict:
    """An undo may come before what it undoes (two uploads, out of order); it must say whose."""
    if target is not None or row.scan.undoes is None:
        raise refuse(Code.UNDO_UNKNOWN)
    find_event(row, facts)
    assert row.event is not None
    try:
        row.person = find_person(row, facts)
    except Refused:
        raise refuse(Code.UNDO_UNKNOWN) from None
    check_event(row.scan, row.event, row.now)
    row.person = enter_as_guest(row.person, row.event, facts)
    check_person(row, facts)
    before = attendance_at(row.event, row.person, facts)
    return verdict_on(row, "waiting", Outcome.UNDO_BEFORE_SCAN, before, before, facts)
