"""Printing many cards in the background: asked for, made ready a chunk at a time, kept for a day.

Drawing is the runner's (``jobs.card_prints``). What can be lost with a runner is a drawing, which
is drawn again; cards and codes are recorded a chunk at a time and never twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from volunteer.domain.access import Scope
from volunteer.domain.card_prints import (
    KEPT_FOR,
    Hand,
    Layout,
    PrintWish,
    decide_print,
    is_kept,
)
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.domain.tasks import NewTask, Progress, TakenTask
from volunteer.domain.tokens import Keys
from volunteer.store import print_files
from volunteer.store.audit import NO_FACTS, record_audit
from volunteer.store.bulk import among
from volunteer.store.card_prints import record_print
from volunteer.store.database import Tx, transact
from volunteer.store.models import Login, Resident, Task
from volunteer.store.models.base import table_of
from volunteer.store.rows import load_row, require_seen
from volunteer.store.tasks import record_progress, record_task, require_held

KIND = "card_print"
CHUNK = 50
"""Cards a transaction: well under 200 ms of the write lock; and whole pages of every layout."""
SAME_FORM = 20
"""Prints of a community among which a second press of a button looks for the first one's."""


@dataclass(frozen=True)
class AskedPrint:
    """The arguments of a task, read back. ``form_id``: of the form that asked."""

    resident_ids: tuple[int, ...]
    wish: PrintWish
    form_id: str

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> AskedPrint:
        wish = PrintWish(Layout(arguments["layout"]), arguments["strips"], arguments["replaces"])
        return cls(tuple(arguments["resident_ids"]), wish, arguments["form_id"])

    @property
    def arguments(self) -> dict[str, Any]:
        return {
            "resident_ids": list(self.resident_ids),
            "layout": self.wish.layout.value,
            "strips": self.wish.strips,
            "replaces": self.wish.replaces,
            "form_id": self.form_id,
        }


def ask_for_print(
    community_id: int, asked: AskedPrint, *, by: int, now: datetime, scope: Scope
) -> int:
    """Ask for the cards of these residents, in this order, as pages; gives the task's id. The same
    form again gives the same task: twice replaced would be a card too many.

    Raises Refused: ``not_found`` (community, or a resident of another), ``nobody_ticked``,
    ``too_many_cards``.
    """
    refusal = decide_print(len(asked.resident_ids))
    if refusal:
        raise Refused(refusal)

    def work(tx: Tx) -> int:
        require_seen(tx, community_id)
        # A form has one sender: a second press of theirs waits here, and then finds the first.
        tx.run(select(Login.id).where(Login.id == by).with_for_update(key_share=True))
        before = _load_same_form(tx, community_id, asked.form_id)
        if before is not None:
            return before
        _require_residents(tx, community_id, asked.resident_ids)
        task = NewTask(KIND, asked.arguments, len(asked.resident_ids))
        task_id = record_task(tx, community_id, task, by=by, now=now)
        facts = {"count": len(asked.resident_ids), "strips": asked.wish.strips}
        _audit(tx, "cards_print_asked", (community_id, task_id), by, now, facts)
        return task_id

    return transact(work, scope)


def print_at_once(
    community_id: int, resident_id: int, *, strips: bool, hand: Hand, scope: Scope
) -> None:
    """One card that is drawn in the same request. Its strip ends the one before.

    Raises Refused: ``not_found`` (community), ``resident_inactive`` (or out of numbers).
    """

    def work(tx: Tx) -> None:
        require_seen(tx, community_id)
        wish = PrintWish(Layout.FOLDED, strips)
        if not record_print(tx, community_id, [resident_id], wish, hand):
            raise refuse(Code.RESIDENT_INACTIVE)

    transact(work, scope)


def make_ready(task: TakenTask, now: datetime, *, keys: Keys) -> Progress:
    """Record cards and codes of the next fifty residents, so that they can be drawn; the drawing
    may be lost, the codes on it are made again from what is recorded."""
    asked = AskedPrint.of(task.arguments)
    done = min(task.done_steps + CHUNK, len(asked.resident_ids))
    chunk = asked.resident_ids[task.done_steps : done]

    def work(tx: Tx) -> Progress:
        require_held(tx, task)
        record_print(tx, task.community_id, chunk, asked.wish, Hand(keys, task.by, now))
        progress = Progress(done)
        record_progress(tx, task, progress, now)
        return progress

    return transact(work, Scope.everything())


def keep_pages(
    task: TakenTask, pdf: bytes, result: Mapping[str, Any], *, data_dir: Path, now: datetime
) -> Progress:
    """The last step: keep the pages and say so. Should the runner die in between, a file is left
    over that nobody knows the name of, and goes with the others of its day."""
    name = print_files.write_print(data_dir, task.community_id, pdf)
    progress = Progress(task.total_steps, {**result, "file": name})

    def work(tx: Tx) -> Progress:
        require_held(tx, task)
        record_progress(tx, task, progress, now)
        return progress

    return transact(work, Scope.everything())


def open_pages(task_id: int, *, data_dir: Path, by: int, now: datetime, scope: Scope) -> bytes:
    """The PDF, for whoever asked for it and nobody else; each time is written down.

    Raises Refused: ``not_found``, ``print_not_yours``, ``print_gone`` (a day has passed, or
    somebody is done with it).
    """

    def work(tx: Tx) -> bytes:
        task = _load_print(tx, task_id)
        if task.created_by_login_id != by:
            raise refuse(Code.PRINT_NOT_YOURS)
        name = (task.result or {}).get("file")
        if name is None or not is_kept(task.created_at, now):
            raise refuse(Code.PRINT_GONE)
        pdf = print_files.read_print(data_dir, task.community_id, name)
        if pdf is None:
            raise refuse(Code.PRINT_GONE)
        _audit(tx, "cards_print_opened", (task.community_id, task_id), by, now)
        return pdf

    return transact(work, scope)


def delete_pages(task_id: int, *, data_dir: Path, by: int, now: datetime, scope: Scope) -> None:
    """Done with printing: the pages go at once. Anybody who may print may say so.

    Raises Refused: ``not_found``, ``print_gone``.
    """

    def work(tx: Tx) -> Row[Any]:
        task = _load_print(tx, task_id)
        if (task.result or {}).get("file") is None:
            raise refuse(Code.PRINT_GONE)
        _audit(tx, "cards_print_deleted", (task.community_id, task_id), by, now)
        return task

    task = transact(work, scope)
    print_files.delete_print(data_dir, task.community_id, task.result["file"])


def are_pages_kept(
    community_id: int,
    result: Mapping[str, Any],
    asked_at: datetime,
    *,
    data_dir: Path,
    now: datetime,
) -> bool:
    """Whether a finished print can still be opened."""
    name = result.get("file")
    if name is None or not is_kept(asked_at, now):
        return False
    return print_files.has_print(data_dir, community_id, name)


def forget_old_pages(*, data_dir: Path, now: datetime) -> int:
    """Delete pages that are older than a day; gives how many files."""
    return print_files.delete_old_prints(data_dir, now - KEPT_FOR)


def _load_print(tx: Tx, task_id: int) -> Row[Any]:
    task = load_row(tx, Task, task_id)
    if task.kind != KIND:
        raise refuse(Code.NOT_FOUND)
    return task


def _load_same_form(tx: Tx, community_id: int, form_id: str) -> int | None:
    table = table_of(Task)
    rows = tx.run(
        select(table.c.id, table.c.arguments)
        .where(table.c.community_id == community_id, table.c.kind == KIND)
        .order_by(table.c.id.desc())
        .limit(SAME_FORM)
    )
    return next((row.id for row in rows if row.arguments["form_id"] == form_id), None)


def _require_residents(tx: Tx, community_id: int, resident_ids: Sequence[int]) -> None:
    table = table_of(Resident)
    here = select(table.c.id).where(among(table.c.id, "ids"), table.c.community_id == community_id)
    if len(tx.run(here, ids=list(resident_ids)).all()) != len(set(resident_ids)):
        raise refuse(Code.NOT_FOUND)


def _audit(
    tx: Tx,
    action: str,
    about: tuple[int, int],
    by: int,
    now: datetime,
    facts: Mapping[str, Any] = NO_FACTS,
) -> None:
    """``about``: community and task."""
    community_id, task_id = about
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="task",
        subject_id=task_id,
        community_id=community_id,
        login_id=by,
        facts=facts,
    )
