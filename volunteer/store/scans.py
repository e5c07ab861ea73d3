"""``record_batches()``: the one way a scan becomes a fact, whoever presents it.

load → decide → record, in one transaction:

1. cards, people and events are found without locks;
2. passbooks are locked in id order, then, for check-ins to a capped event, events in id order;
3. earlier scans, attendances and balances are read under the locks;
4. the rows are decided in turn (``domain.scan_rules``);
5. scans, attendances, transfers, entries, passbooks and boards are written, boards last.

Two requests with the same scan id either wait for the same passbook or, where no passbook is
known, meet at the scan's unique key: the later one finds its insert idle and tries again, and then
sees the first one's answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from volunteer.domain.consents import Consent
from volunteer.domain.ledger import Passbook
from volunteer.domain.public_names import Seen, public_name
from volunteer.domain.refusals import Code, Refusal
from volunteer.domain.scan_case import Decided
from volunteer.domain.scan_rules import decide_rows
from volunteer.domain.scans import (
    PARTS,
    Attendance,
    Batch,
    Facts,
    Row,
    Verdict,
    answer_again,
    first_of_each_id,
)
from volunteer.store import scan_facts, scan_history, scan_people
from volunteer.store.award import Change, Posting, record_awards
from volunteer.store.bulk import insert_rows
from volunteer.store.database import TryAgain, Tx
from volunteer.store.ledger import lock_passbooks
from volunteer.store.models import Scan as ScanRow
from volunteer.store.models.base import table_of

SCAN = table_of(ScanRow)


def record_batches(tx: Tx, batches: Sequence[Batch]) -> list[list[Verdict]]:
    """Record batches of one community together; one verdict a row, in the order sent.

    The rows are decided in the order of time, whichever batch they came in, in as many statements
    as one row takes. Batches that say no community are recorded alone.
    """
    assert len(batches) == 1 or {batch.community_id for batch in batches} == {
        batches[0].community_id or 0
    }
    facts = Facts()
    rows = [Row(scan, batch) for batch in batches for scan in batch.scans]
    community_id = scan_facts.load_presented(tx, batches, rows, facts)
    if community_id is None:
        # Nobody's books to keep it in: a person of no community with an event that is not there.
        unknown = Refusal(Code.EVENT_UNKNOWN)
        return [
            [Verdict.refused(scan.client_id, unknown) for scan in batch.scans] for batch in batches
        ]
    distinct = first_of_each_id(rows)
    passbooks = lock_passbooks(tx, scan_history.resident_ids(facts))
    scan_people.require_same_people(facts, passbooks)
    scan_people.load_confirmed(tx, facts)
    facts.balances = {
        resident_id: (book.balance_points, book.owed_points)
        for resident_id, book in passbooks.items()
    }
    scan_history.load_history(tx, community_id, distinct, facts)
    _require_undone(distinct, facts)
    before = dict(facts.attendances)
    decided = decide_rows(distinct, facts)
    if not decided:
        _write_answered_again(tx)
    _record_scans(tx, community_id, decided)
    _record_changes(tx, before, facts, passbooks)
    # Every id is known now. A row that repeats one gets its answer, or hears that it was reused.
    return [
        [
            _named(answer_again(scan, facts.stored[scan.client_id]), facts, batch.now.date())
            for scan in batch.scans
        ]
        for batch in batches
    ]


def _require_undone(rows: Sequence[Row], facts: Facts) -> None:
    """Raises TryAgain where an undo's scan was committed after its event and person were looked
    for, which PostgreSQL lets happen."""
    for row in rows:
        target = facts.stored.get(row.scan.undoes) if row.scan.undoes else None
        if target is None or target.event_id is None or target.resident_id is None:
            continue
        if target.event_id not in facts.events or target.resident_id not in facts.people:
            raise TryAgain


def _write_answered_again(tx: Tx) -> None:
    """A retry that writes nothing would be answered before a standby has the first try, which may
    still be on its way there; with something in the log the COMMIT waits for both."""
    if tx.dialect != "sqlite":
        tx.run_text("SELECT pg_logical_emit_message(true, 'answered again', '')")


def _named(verdict: Verdict, facts: Facts, today: date) -> Verdict:
    """``today`` is the day in UTC, which begins after ours: whoever turns 18 is named hours later,
    never a day early."""
    if verdict.resident_id is None:
        return verdict
    # The first answer names the resident of its time; who was merged since has another's name.
    stored = facts.stored.get(verdict.client_id) if verdict.client_id else None
    now_id = stored.resident_id if stored else None
    person = facts.people.get(now_id or verdict.resident_id)
    if person is None:
        return verdict
    agreed = frozenset({Consent.KEEP_RECORD} if person.record_consent else ())
    seen = Seen(person.name, person.state, person.birth_date, person.age_band, agreed)
    name = verdict.resident_name or person.name
    return replace(verdict, resident_name=name, public_name=public_name(seen, today))


def _record_scans(tx: Tx, community_id: int, decided: Sequence[Decided]) -> None:
    if not decided:
        return
    rows = [
        {
            "community_id": community_id,
            "client_id": new.scan.client_id,
            "body_hash": new.scan.body_hash,
            "event_id": new.event_id,
            "resident_id": new.resident_id,
            "card_id": new.card_id,
            "code_hash": scan_people.presented_hash(new.scan),
            "device_id": new.batch.recorder.device_id,
            "recorded_by_login_id": new.batch.recorder.login_id,
            "direction": new.scan.direction,
            "undoes": new.scan.undoes,
            "provenance": new.scan.provenance,
            "scanned_at": new.scan.scanned_at,
            "received_at": new.batch.now,
            "corrected_at": new.scan.corrected_at,
            "verdict": new.verdict.verdict,
            "code": new.verdict.code,
            "facts": dict(new.verdict.facts),
            "override": new.override,
        }
        for new in decided
    ]
    written = insert_rows(
        tx, SCAN, rows, "ON CONFLICT (community_id, client_id) DO NOTHING RETURNING id"
    )
    if len(written.all()) != len(rows):
        raise TryAgain


def _record_changes(
    tx: Tx,
    before: dict[tuple[int, int], Attendance],
    facts: Facts,
    passbooks: dict[int, Passbook],
) -> None:
    changes = []
    for key, after in facts.attendances.items():
        old = before.get(key)
        if old is None:
            old = Attendance(
                event_id=after.event_id,
                resident_id=after.resident_id,
                local_date=after.local_date,
                on_duty=after.on_duty,
            )
        if after != old:
            movers = {part: facts.moved_by.get((*key, part)) for part in PARTS}
            postings = {
                part: Posting(mover.recorder, mover.now) for part, mover in movers.items() if mover
            }
            changes.append(Change(old, after, facts.events[after.event_id], postings))
    record_awards(tx, changes, passbooks)
