"""Taking an import back, as long as nothing was recorded of its people since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.tasks import NewTask, Progress, TakenTask
from volunteer.store import import_undo as store
from volunteer.store import imports
from volunteer.store.bulk import among
from volunteer.store.database import Tx, transact
from volunteer.store.import_changes import RESIDENT
from volunteer.store.models import ImportBatch
from volunteer.store.opening_balances import Deciding
from volunteer.store.rows import load_row, load_today
from volunteer.store.tasks import record_progress, record_task, require_held

KIND = "residents_import_undo"
CHUNK = 50
LOOKED_AT_ONCE = 200
NAMED = 3


@dataclass(frozen=True)
class InTheWay:
    """Somebody of whom something was recorded since; ``what`` is a word of
    ``import_words.IN_THE_WAY``."""

    resident_id: int
    ref: str
    name: str
    name_en: str | None
    what: str


@dataclass(frozen=True)
class Undoing:
    """What an undo would do: rows taken back, and who stands in the way of it."""

    rows: int
    in_the_way: tuple[InTheWay, ...]


def look_at_undo(batch_id: int, *, now: datetime, scope: Scope) -> Undoing:
    """What an undo would meet; changes nothing.

    Raises Refused: ``not_found``, ``changed_meanwhile`` (not imported, or undone already).
    """
    found: list[InTheWay] = []
    first = changed = 0
    while True:

        def look(tx: Tx, first: int = first) -> tuple[Sequence[Any], list[InTheWay]]:
            batch = _load_applied(tx, batch_id)
            rows = store.load_undo_rows(tx, batch_id, first=first, most=LOOKED_AT_ONCE)
            today = load_today(tx, batch.community_id, now)
            kept = store.load_in_the_way(tx, batch, rows, today)
            return rows, _named(tx, kept)

        rows, here = transact(look, scope)
        found += here
        first += len(rows)
        changed += sum(row.outcome != "unchanged" for row in rows)
        if len(rows) < LOOKED_AT_ONCE:
            return Undoing(changed, tuple(found))


def undo_import(batch_id: int, *, by: int, now: datetime, scope: Scope) -> int:
    """Ask for an import to be taken back in the background; gives the task's id.

    Raises Refused: ``not_found``, ``changed_meanwhile``, ``import_followed`` (with names).
    """
    undoing = look_at_undo(batch_id, now=now, scope=scope)
    if undoing.in_the_way:
        names = "、".join(one.name for one in undoing.in_the_way[:NAMED])
        more = "…" if len(undoing.in_the_way) > NAMED else ""
        raise refuse(Code.IMPORT_FOLLOWED, count=len(undoing.in_the_way), names=names + more)

    def work(tx: Tx) -> int:
        batch = _load_applied(tx, batch_id)
        task = NewTask(KIND, {"batch_id": batch_id}, store.count_undo_rows(tx, batch_id))
        task_id = record_task(tx, batch.community_id, task, by=by, now=now)
        imports.record_batch(tx, batch_id, task_id=task_id, undone_at=now)
        imports.record_import_audit(
            tx, "import_undo_started", batch, by, now, count=task.total_steps
        )
        return task_id

    return transact(work, scope)


def undo_chunk(task: TakenTask, now: datetime) -> Progress:
    """Take the next rows back; see ``jobs.tasks.Chunk``. Whoever got a record since this was
    asked for is kept, and said so in the result."""
    batch_id = int(task.arguments["batch_id"])

    def work(tx: Tx) -> Progress:
        require_held(tx, task)
        batch = load_row(tx, ImportBatch, batch_id)
        imports.lock_register(tx, batch.community_id)
        rows = store.load_undo_rows(tx, batch_id, first=task.done_steps, most=CHUNK)
        hand = Deciding(task.by or 0, now, load_today(tx, batch.community_id, now))
        kept = store.load_in_the_way(tx, batch, rows, hand.today)
        store.record_undone(tx, batch, rows, kept, hand)
        done = task.done_steps + len(rows)
        ended = done >= task.total_steps or not rows
        progress = Progress(done, store.load_undo_counts(tx, batch_id) if ended else None)
        record_progress(tx, task, progress, now)
        return progress

    return transact(work, Scope.everything())


def _load_applied(tx: Tx, batch_id: int) -> Any:
    batch = load_row(tx, ImportBatch, batch_id)
    if batch.state != "applied" or batch.undone_at is not None:
        raise refuse(Code.CHANGED_MEANWHILE)
    return batch


def _named(tx: Tx, kept: dict[int, str]) -> list[InTheWay]:
    if not kept:
        return []
    rows = tx.run(
        select(RESIDENT.c.id, RESIDENT.c.ref, RESIDENT.c.name, RESIDENT.c.name_en)
        .where(among(RESIDENT.c.id, "ids"))
        .order_by(RESIDENT.c.pinyin, RESIDENT.c.id),
        ids=sorted(kept),
    )
    return [InTheWay(row.id, row.ref, row.name, row.name_en, kept[row.id]) for row in rows]
