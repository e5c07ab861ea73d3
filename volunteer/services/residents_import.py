"""Imports of residents: keep a sheet, say what would become of its rows, do it in the background.

Nothing of a sheet touches a resident before staff have seen the dry run. What the dry run said is
decided again, row by row, in the transaction that writes it: somebody may have been added since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.domain.names import pinyin_of
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.residents_import import (
    Fate,
    Field,
    Known,
    Match,
    Reading,
    Register,
    SheetPerson,
    guess_columns,
    guess_header,
    headings,
    read_person,
    without_identity_numbers,
)
from volunteer.domain.tasks import NewTask, Progress, TakenTask
from volunteer.domain.tokens import Keys
from volunteer.store import imports as store
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.imports import Hand
from volunteer.store.models import ImportBatch, ImportRow
from volunteer.store.rows import load_row, load_today, record_row, require_seen
from volunteer.store.tasks import record_progress, record_task, require_held

KIND = "residents_import"
CHUNK = 50
"""Rows a transaction: under 200 ms of the write lock, so that no scan waits longer."""
KEPT_CHUNK = 500
OUTCOMES = ("added", "updated", "unchanged", "skipped")


@dataclass(frozen=True)
class Upload:
    """A sheet as it was read. `numbers`: the row numbers that the spreadsheet program shows."""

    file_name: str
    file_hash: bytes
    rows: Sequence[tuple[str, ...]]
    numbers: Sequence[int]


@dataclass(frozen=True)
class Choices:
    """How staff say the sheet is to be read. `places`: building by how it is written there."""

    header_place: int
    columns: Mapping[int, Field]
    default_age_band: str | None = None
    places: Mapping[str, int] | None = None


def keep_upload(community_id: int, upload: Upload, *, by: int, now: datetime, scope: Scope) -> int:
    """Keep the rows of a sheet, without identity card numbers, and guess how to read them; gives
    the batch's id. A community's last choice of buildings is remembered.

    Raises Refused: ``not_found``.
    """
    rows, dropped = without_identity_numbers(upload.rows)
    header = guess_header(rows)
    columns = guess_columns(headings(rows, header))

    def begin(tx: Tx) -> int:
        require_seen(tx, community_id)
        return record_row(
            tx,
            ImportBatch,
            {
                "community_id": community_id,
                "state": "uploading",
                "file_name": upload.file_name[:120],
                "file_hash": upload.file_hash,
                "header_place": header,
                "columns": {str(place): field.value for place, field in columns.items()},
                "places": _remembered_places(tx, community_id),
                "notes": {"dropped": dropped},
                "total_rows": len(rows),
                "created_at": now,
                "created_by_login_id": by,
            },
        )

    batch_id = transact(begin, scope)
    kept = [
        {
            "community_id": community_id,
            "batch_id": batch_id,
            "place": place,
            "number": number,
            "cells": {"cells": cells},
            "chosen_by_staff": False,
        }
        for place, (number, cells) in enumerate(zip(upload.numbers, rows, strict=True))
    ]
    for start in range(0, len(kept), KEPT_CHUNK):
        chunk = kept[start : start + KEPT_CHUNK]
        transact(lambda tx, chunk=chunk: store.record_rows(tx, chunk), scope)  # type: ignore[misc]
    transact(lambda tx: store.record_batch(tx, batch_id, state="uploaded"), scope)
    return batch_id


def check_import(batch_id: int, choices: Choices, *, now: datetime, scope: Scope) -> None:
    """The dry run: say of every row what would become of it. Writes nothing but that.

    Raises Refused: ``not_found``, ``changed_meanwhile`` (it is being imported), ``choice_missing``
    (no column holds the name).
    """
    if Field.NAME not in choices.columns.values():
        raise refuse(Code.CHOICE_MISSING, field="columns")

    def load(tx: Tx) -> tuple[Sequence[Any], Reading, list[Known]]:
        batch = _load_open(tx, batch_id)
        places = dict(batch.places if choices.places is None else choices.places)
        store.record_batch(
            tx,
            batch_id,
            header_place=choices.header_place,
            columns={str(place): field.value for place, field in choices.columns.items()},
            default_age_band=choices.default_age_band,
            places=places,
        )
        batch = load_row(tx, ImportBatch, batch_id)
        reading = store.load_reading(tx, batch, load_today(tx, batch.community_id, now))
        rows = tx.run(
            select(ImportRow.id, ImportRow.place, ImportRow.cells)
            .where(ImportRow.batch_id == batch_id)
            .order_by(ImportRow.place)
        ).all()
        return rows, reading, store.load_known(tx, batch.community_id)

    rows, reading, known = transact(load, scope)
    fates = _decide_fates(rows, reading, known, choices.header_place)
    for start in range(0, len(fates), KEPT_CHUNK):
        chunk = fates[start : start + KEPT_CHUNK]
        transact(lambda tx, chunk=chunk: store.record_fates(tx, chunk), scope)  # type: ignore[misc]
    transact(lambda tx: store.record_batch(tx, batch_id, state="checked"), scope)


def choose_row(row_id: int, resident_id: int | None, *, skip: bool = False, scope: Scope) -> None:
    """Staff say whom a row means: somebody who is known, somebody new (None), or nobody to import.

    Raises Refused: ``not_found``, ``changed_meanwhile``, ``choice_missing`` (nobody that was
    offered).
    """

    def work(tx: Tx) -> None:
        row = load_row(tx, ImportRow, row_id)
        _load_open(tx, row.batch_id)
        offered = (row.reading or {}).get("candidates", [])
        if resident_id is not None and (resident_id not in offered or resident_id < 0):
            raise refuse(Code.CHOICE_MISSING)
        fate = Fate.SKIP if skip else Fate.NEW if resident_id is None else Fate.UPDATE
        chosen = {"fate": fate.value, "resident_id": resident_id, "chosen_by_staff": True}
        table = ImportRow.__table__
        tx.run(table.update().where(table.c.id == row_id).values(**chosen))  # type: ignore[attr-defined]

    transact(work, scope)


def apply_import(batch_id: int, *, by: int, now: datetime, scope: Scope) -> int:
    """Ask for the rows to be written down in the background; gives the task's id.

    Raises Refused: ``not_found``, ``changed_meanwhile`` (not checked yet, or asked for already).
    """

    def work(tx: Tx) -> int:
        batch = load_row(tx, ImportBatch, batch_id)
        if batch.state != "checked":
            raise refuse(Code.CHANGED_MEANWHILE)
        task = NewTask(KIND, {"batch_id": batch_id, "counts": {}}, batch.total_rows)
        task_id = record_task(tx, batch.community_id, task, by=by, now=now)
        store.record_batch(tx, batch_id, state="applying", task_id=task_id)
        record_audit(
            tx,
            now=now,
            action="import_started",
            subject_kind="import_batch",
            subject_id=batch_id,
            community_id=batch.community_id,
            login_id=by,
            facts={"count": batch.total_rows},
        )
        return task_id

    return transact(work, scope)


def apply_chunk(task: TakenTask, now: datetime, *, keys: Keys) -> Progress:
    """Write the next hundred rows down; see ``jobs.tasks.Chunk``."""
    batch_id = int(task.arguments["batch_id"])
    # Its dictionaries take half a second to load, once; not while everybody's scans wait.
    pinyin_of("名")

    def work(tx: Tx) -> Progress:
        require_held(tx, task)
        batch = load_row(tx, ImportBatch, batch_id)
        store.lock_register(tx, batch.community_id)
        hand = Hand(keys, task.by, now, load_today(tx, batch.community_id, now))
        rows = tx.run(
            select(ImportRow)
            .with_only_columns(*ImportRow.__table__.c)
            .where(ImportRow.batch_id == batch_id, ImportRow.place >= task.done_steps)
            .order_by(ImportRow.place)
            .limit(CHUNK)
        ).all()
        reading = store.load_reading(tx, batch, hand.today)
        register = Register(store.load_known(tx, batch.community_id))
        outcomes = _record_chunk(tx, batch, rows, (reading, register), hand)
        if outcomes:
            store.record_outcomes(tx, outcomes)
        done = task.done_steps + len(rows)
        ended = done >= task.total_steps or not rows
        progress = Progress(done, _counts(tx, batch_id) if ended else None)
        if ended:
            store.record_batch(tx, batch_id, state="applied")
        record_progress(tx, task, progress, now)
        return progress

    return transact(work, Scope.everything())


def _record_chunk(
    tx: Tx, batch: Any, rows: Sequence[Any], by: tuple[Reading, Register], hand: Hand
) -> list[dict[str, Any]]:
    """The outcome of each row; new people of the chunk in a handful of statements."""
    reading, register = by
    new: list[tuple[int, SheetPerson]] = []
    outcomes: list[dict[str, Any]] = []
    for row in rows:
        if row.place <= batch.header_place:
            continue
        person = read_person(row.cells["cells"], reading)
        fate, resident_id = _fate_now(row, register.match(person))
        if fate is Fate.NEW:
            new.append((row.id, person))
            # Not its id yet, but the next row of the chunk may mean the same person.
            register.add(_known(-row.id, person))
        elif fate is Fate.UPDATE and resident_id is not None and resident_id > 0:
            before = store.record_update(tx, batch.community_id, resident_id, person, hand)
            outcome = "updated" if before else "unchanged"
            outcomes.append(_outcome(row.id, outcome, resident_id, before or None))
        else:
            outcomes.append(_outcome(row.id, "skipped", None, None))
    return store.record_new(tx, batch.community_id, new, hand) + outcomes


def _fate_now(row: Any, match: Match) -> tuple[Fate, int | None]:
    """What staff chose; else what holds now, which the dry run may have missed: whoever it took
    for new and who is known by now is updated, or left out when it is not sure."""
    if match.fate is Fate.ERROR:
        return Fate.ERROR, None
    if row.chosen_by_staff:
        return Fate(row.fate), row.resident_id
    sure = match.candidates[0] if match.fate is Fate.UPDATE else None
    return match.fate, sure


def _decide_fates(
    rows: Sequence[Any], reading: Reading, known: Sequence[Known], header_place: int
) -> list[dict[str, Any]]:
    register = Register(known)
    fates = []
    for row in rows:
        if row.place <= header_place:
            fates.append(_fate(row.id, Fate.SKIP, SheetPerson(), ()))
            continue
        person = read_person(row.cells["cells"], reading)
        match = register.match(person)
        if match.fate is Fate.NEW:
            register.add(_known(-row.id, person))
        fates.append(_fate(row.id, match.fate, person, match.candidates))
    return fates


def _fate(
    row_id: int, fate: Fate, person: SheetPerson, candidates: Sequence[int]
) -> dict[str, Any]:
    problems = [
        {"field": str(one.field), "code": one.refusal.code.value, "facts": dict(one.refusal.facts)}
        for one in person.problems
    ]
    sure = candidates[0] if fate is Fate.UPDATE and candidates[0] > 0 else None
    reading = {
        "problems": problems,
        "candidates": list(candidates),
        "unplaced": person.written_place if person.is_unplaced else None,
    }
    return {"id": row_id, "fate": fate.value, "reading": reading, "resident_id": sure}


def _known(resident_id: int, person: SheetPerson) -> Known:
    """A row before this one, as the rows after it see it; its id is negative."""
    return Known(
        resident_id=resident_id,
        name=person.name,
        passbook_number="",
        phones=frozenset({person.phone} if person.phone else ()),
        building_id=person.building_id,
        room=person.kept_room,
        volunteer_number=person.volunteer_number,
    )


def _outcome(
    row_id: int, outcome: str, resident_id: int | None, before: dict[str, Any] | None
) -> dict[str, Any]:
    return {"id": row_id, "outcome": outcome, "resident_id": resident_id, "before": before}


def _counts(tx: Tx, batch_id: int) -> dict[str, int]:
    rows = tx.run(
        select(ImportRow.outcome).where(
            ImportRow.batch_id == batch_id, ImportRow.outcome.is_not(None)
        )
    ).scalars()
    counts = dict.fromkeys(OUTCOMES, 0)
    for outcome in rows:
        counts[str(outcome)] += 1
    return counts


def _remembered_places(tx: Tx, community_id: int) -> dict[str, Any]:
    last = (
        select(ImportBatch.places)
        .where(ImportBatch.community_id == community_id)
        .order_by(ImportBatch.id.desc())
        .limit(1)
    )
    return dict(tx.run(last).scalar_one_or_none() or {})


def _load_open(tx: Tx, batch_id: int) -> Any:
    batch = load_row(tx, ImportBatch, batch_id)
    if batch.state not in ("uploaded", "checked"):
        raise refuse(Code.CHANGED_MEANWHILE)
    return batch
