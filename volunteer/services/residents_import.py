"""Imports of residents: say what would become of a sheet's rows, do it in the background.

Nothing of a sheet touches a resident before staff have seen the dry run. What the dry run said is
decided again, row by row, in the transaction that writes it: somebody may have been added since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from volunteer.domain.access import Scope
from volunteer.domain.names import pinyin_of
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.residents_dry_run import (
    Chosen,
    Line,
    LineFate,
    decide_lines,
    decide_unplaced,
)
from volunteer.domain.residents_import import (
    Field,
    Reading,
    SheetPerson,
    read_person,
)
from volunteer.domain.residents_matching import (
    Fate,
    Match,
    Register,
    decide_changes,
    known_from_row,
)
from volunteer.domain.tasks import NewTask, Progress, TakenTask
from volunteer.domain.tokens import Keys
from volunteer.store import imports as store
from volunteer.store.database import Tx, look, transact
from volunteer.store.import_changes import Hand, RowUpdate, record_new, record_updates
from volunteer.store.import_old_books import record_old_books
from volunteer.store.imports import record_import_audit
from volunteer.store.models import ImportBatch
from volunteer.store.rows import load_row, load_today
from volunteer.store.tasks import record_progress, record_task, require_held

KIND = "residents_import"
CHUNK = 50
"""Rows a transaction: some 30 ms of the write lock and one wait for the disk, so that no scan waits
for 200 ms. Fewer rows wait for the disk more often, and made scans wait longer in all."""
KEPT_CHUNK = 500
_TAKEN = (Fate.NEW, Fate.UPDATE)


@dataclass(frozen=True)
class Choices:
    """How staff say that the columns are to be read."""

    columns: Mapping[int, Field]
    default_age_band: str | None = None


def check_import(
    batch_id: int, choices: Choices | None = None, *, now: datetime, scope: Scope
) -> None:
    """The dry run: say of every row what would become of it. Writes nothing but that. Without
    ``choices`` the columns stay, and so does what staff chose for rows that are still in doubt.

    Raises Refused: ``not_found``, ``changed_meanwhile`` (it is being imported),
    ``sheet_no_name``, ``sheet_column_twice``.
    """
    if choices is not None:
        _require_clear(choices)

    def begin(tx: Tx) -> None:
        store.load_open_batch(tx, batch_id)
        if choices is not None:
            columns = {str(place): field.value for place, field in choices.columns.items()}
            store.record_batch(
                tx, batch_id, columns=columns, default_age_band=choices.default_age_band
            )

    def load(tx: Tx) -> tuple[Sequence[Any], Reading, Register]:
        batch = store.load_batch(tx, batch_id)
        today = load_today(tx, batch.community_id, now)
        register = Register(store.load_known(tx, batch.community_id), today)
        rows = store.load_rows(tx, batch_id, first=batch.header_place + 1)
        return rows, store.load_reading(tx, batch, today), register

    transact(begin, scope)
    rows, reading, register = look(load, scope)
    lines = [_line(row, keep=choices is None) for row in rows]
    fates = decide_lines(lines, reading, register)
    kept = [_kept(one) for one in fates]
    for start in range(0, len(kept), KEPT_CHUNK):
        chunk = kept[start : start + KEPT_CHUNK]
        transact(lambda tx, chunk=chunk: store.record_fates(tx, chunk), scope)  # type: ignore[misc]
    old_books = sum(one.person.has_old_book for one in fates if one.fate in _TAKEN)
    unplaced = [[one.written, one.count, one.first_number] for one in decide_unplaced(fates)]

    def end(tx: Tx) -> None:
        noted = {"unplaced": unplaced, "old_books": old_books}
        notes = {**store.load_open_batch(tx, batch_id).notes, **noted}
        store.record_batch(tx, batch_id, state="checked", notes=notes)

    transact(end, scope)


def _require_clear(choices: Choices) -> None:
    fields = list(choices.columns.values())
    if Field.NAME not in fields:
        raise refuse(Code.SHEET_NO_NAME)
    if len(set(fields)) != len(fields):
        raise refuse(Code.SHEET_COLUMN_TWICE)


def choose_rows(
    batch_id: int, chosen: Mapping[int, Chosen], *, now: datetime, scope: Scope
) -> None:
    """Staff say by row id whom rows in doubt mean: somebody who was offered, somebody new, or
    nobody to import.

    Raises Refused: ``not_found``, ``changed_meanwhile``, ``choice_missing`` (nobody that was
    offered).
    """

    def work(tx: Tx) -> None:
        batch = store.load_open_batch(tx, batch_id)
        rows = store.load_rows_of(tx, batch_id, sorted(chosen))
        if len(rows) != len(chosen):
            raise refuse(Code.NOT_FOUND)
        ids = {one.resident_id for one in chosen.values() if one.resident_id is not None}
        today = load_today(tx, batch.community_id, now)
        known = store.load_known_of(tx, batch.community_id, [], ids)
        decision = store.load_reading(tx, batch, today), Register(known, today)
        kept = [_chosen_row(row, chosen[row.id], *decision) for row in rows]
        if kept:
            store.record_fates(tx, kept)

    transact(work, scope)


def choose_all(batch_id: int, fate: Fate, *, scope: Scope) -> None:
    """Everybody still in doubt is somebody new, or is left out.

    Raises Refused: ``not_found``, ``changed_meanwhile``, ``choice_missing``.
    """
    if fate not in (Fate.NEW, Fate.SKIP):
        raise refuse(Code.CHOICE_MISSING)

    def work(tx: Tx) -> None:
        store.load_open_batch(tx, batch_id)
        store.record_chosen_for_all(tx, batch_id, fate)

    transact(work, scope)


def apply_import(batch_id: int, *, by: int, now: datetime, scope: Scope) -> int:
    """Ask for the rows to be written down in the background; gives the task's id.

    Raises Refused: ``not_found``, ``changed_meanwhile`` (not checked yet, or asked for already),
    ``sheet_known`` (this very file was imported, and nobody said that it may be once more).
    """

    def work(tx: Tx) -> int:
        batch = load_row(tx, ImportBatch, batch_id)
        if batch.state != "checked":
            raise refuse(Code.CHANGED_MEANWHILE)
        # Two people with the same file at the same moment: the second one is asked as well.
        store.lock_register(tx, batch.community_id)
        if not batch.notes.get("again") and store.load_same_file(tx, batch):
            raise refuse(Code.SHEET_KNOWN)
        count = max(batch.total_rows - batch.header_place - 1, 0)
        task = NewTask(KIND, {"batch_id": batch_id}, count)
        task_id = record_task(tx, batch.community_id, task, by=by, now=now)
        store.record_batch(tx, batch_id, state="applying", task_id=task_id, applied_at=now)
        record_import_audit(tx, "import_started", batch, by, now, count=count)
        return task_id

    return transact(work, scope)


def apply_chunk(task: TakenTask, now: datetime, *, keys: Keys) -> Progress:
    """Write the next rows down; see ``jobs.tasks.Chunk``."""
    batch_id = int(task.arguments["batch_id"])
    # Its dictionaries take half a second to load, once; not while everybody's scans wait.
    pinyin_of("名")

    def work(tx: Tx) -> Progress:
        require_held(tx, task)
        batch = load_row(tx, ImportBatch, batch_id)
        store.lock_register(tx, batch.community_id)
        hand = Hand(keys, task.by, now, load_today(tx, batch.community_id, now))
        first = batch.header_place + 1 + task.done_steps
        rows = store.load_rows(tx, batch_id, first=first, most=CHUNK)
        outcomes = _record_chunk(tx, batch, rows, hand)
        if outcomes:
            store.record_outcomes(tx, outcomes)
        done = task.done_steps + len(rows)
        ended = done >= task.total_steps or not rows
        progress = Progress(done, store.load_counts(tx, batch_id) if ended else None)
        if ended:
            store.record_batch(tx, batch_id, state="applied")
        record_progress(tx, task, progress, now)
        return progress

    return transact(work, Scope.everything())


def _record_chunk(tx: Tx, batch: Any, rows: Sequence[Any], hand: Hand) -> list[dict[str, Any]]:
    """The outcome of each row, in a handful of statements.

    A row in doubt is what staff chose; any other is decided by what holds now: whoever was new in
    the dry run and is known meanwhile is updated, or left out when it is not sure.
    """
    reading = store.load_reading(tx, batch, hand.today)
    people = {row.id: read_person(row.cells["cells"], reading) for row in rows}
    ids = {row.resident_id for row in rows if row.resident_id is not None}
    ids |= {one for row in rows for one in (row.reading or {}).get("candidates", ()) if one > 0}
    known = store.load_known_of(tx, batch.community_id, list(people.values()), ids)
    register = Register(known, hand.today)
    new: list[tuple[int, SheetPerson]] = []
    updates: dict[int, RowUpdate] = {}
    skipped = []
    for row in rows:
        person = people[row.id]
        fate, resident_id = _fate_now(row, register.match(person))
        one = register.get(resident_id) if resident_id is not None else None
        if fate is Fate.NEW:
            new.append((row.id, person))
            # Not its id yet, but the next row of the chunk may mean the same person.
            register.add(known_from_row(row.id, person))
        elif fate is Fate.UPDATE and one is not None and one.resident_id not in updates:
            changes = decide_changes(person, one)
            updates[one.resident_id] = RowUpdate(row.id, one.resident_id, changes)
        else:
            skipped.append(
                {"id": row.id, "outcome": "skipped", "resident_id": None, "before": None}
            )
    outcomes = record_new(tx, batch.community_id, new, hand)
    outcomes += record_updates(tx, batch.community_id, list(updates.values()), hand)
    record_old_books(tx, batch, rows, people, outcomes, hand)
    return outcomes + skipped


def _fate_now(row: Any, match: Match) -> tuple[Fate, int | None]:
    if match.fate is Fate.ERROR or row.fate == Fate.SKIP.value:
        return match.fate if match.fate is Fate.ERROR else Fate.SKIP, None
    if row.chosen_by_staff:
        return Fate(row.fate), row.resident_id
    sure = match.candidates[0] if match.fate is Fate.UPDATE else None
    return match.fate, sure


def _line(row: Any, *, keep: bool) -> Line:
    chosen = Chosen(Fate(row.fate), row.resident_id) if keep and row.chosen_by_staff else None
    return Line(row.id, row.number, row.cells["cells"], chosen)


def _kept(one: LineFate) -> dict[str, Any]:
    """A line's fate as the columns of its row."""
    problems = [
        {"field": str(problem.field), "code": problem.refusal.code.value}
        | {"facts": dict(problem.refusal.facts)}
        for problem in one.person.problems
    ]
    in_doubt = one.match.fate is Fate.ASK
    return {
        "id": one.line.row_id,
        "fate": one.fate.value,
        "reading": {
            "problems": problems,
            "candidates": list(one.match.candidates) if in_doubt else [],
            "reasons": [[str(why) for why in reasons] for reasons in one.match.reasons],
            "unplaced": one.person.is_unplaced,
            "building_id": one.person.building_id,
            "room": one.person.room,
            "same_as": one.same_as,
            "old_book": one.person.has_old_book,
        },
        "resident_id": one.resident_id,
        "changes": one.changes or None,
        "chosen_by_staff": one.chosen_by_staff and in_doubt,
    }


def _chosen_row(row: Any, chosen: Chosen, reading: Reading, register: Register) -> dict[str, Any]:
    candidates = (row.reading or {}).get("candidates", [])
    if not candidates or chosen.fate not in (Fate.NEW, Fate.UPDATE, Fate.SKIP):
        raise refuse(Code.CHANGED_MEANWHILE)
    one = None
    if chosen.fate is Fate.UPDATE:
        resident_id = chosen.resident_id
        offered = resident_id is not None and resident_id in candidates
        one = register.get(resident_id) if offered and resident_id is not None else None
        if one is None:
            raise refuse(Code.CHOICE_MISSING)
    person = read_person(row.cells["cells"], reading)
    return {
        "id": row.id,
        "fate": chosen.fate.value,
        "reading": row.reading,
        "resident_id": one.resident_id if one else None,
        "changes": (decide_changes(person, one) or None) if one else None,
        "chosen_by_staff": True,
    }
