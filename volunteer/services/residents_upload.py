"""A sheet of residents that was uploaded: keep it, say where its header is, forget it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.residents_import import (
    HEADER_WITHIN,
    guess_columns,
    guess_header,
    header_key,
    headings,
    without_identity_numbers,
)
from volunteer.store import imports as store
from volunteer.store.database import Tx, transact
from volunteer.store.imports import record_import_audit
from volunteer.store.models import ImportBatch, Task
from volunteer.store.models.base import table_of
from volunteer.store.rows import load_row, record_row, require_seen

KEPT_CHUNK = 500
FORGET_AFTER = timedelta(days=30)
OPEN_STATES = ("uploading", "uploaded", "checked")


@dataclass(frozen=True)
class Upload:
    """A sheet as it was read. `numbers`: the row numbers that the spreadsheet program shows."""

    file_name: str
    file_hash: bytes
    rows: Sequence[tuple[str, ...]]
    numbers: Sequence[int]


def keep_upload(community_id: int, upload: Upload, *, by: int, now: datetime, scope: Scope) -> int:
    """Keep the rows of a sheet, without identity card numbers, and guess how to read them, as the
    community's last sheet with the same headings was; gives the batch's id.

    Raises Refused: ``not_found``.
    """
    rows, dropped = without_identity_numbers(upload.rows)
    header = guess_header(rows)
    words = headings(rows, header)

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
                **_columns_for(tx, community_id, words),
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


def choose_header(batch_id: int, place: int, *, scope: Scope) -> None:
    """Staff say which row holds the headings; the columns are guessed anew.

    Raises Refused: ``not_found``, ``changed_meanwhile``, ``choice_missing`` (no such row).
    """

    def work(tx: Tx) -> None:
        batch = store.load_open_batch(tx, batch_id)
        rows = store.load_rows(tx, batch_id, most=HEADER_WITHIN)
        if not 0 <= place < len(rows):
            raise refuse(Code.CHOICE_MISSING, field="header")
        words = headings([row.cells["cells"] for row in rows], place)
        columns = _columns_for(tx, batch.community_id, words)
        store.record_batch(tx, batch_id, header_place=place, state="uploaded", **columns)

    transact(work, scope)


def import_again(batch_id: int, *, scope: Scope) -> None:
    """Staff know that this very file was imported before, and go on.

    Raises Refused: ``not_found``, ``changed_meanwhile``.
    """

    def work(tx: Tx) -> None:
        batch = store.load_open_batch(tx, batch_id)
        store.record_batch(tx, batch_id, notes={**batch.notes, "again": True})

    transact(work, scope)


def discard_import(batch_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Forget a sheet that was not imported, or that was taken back.

    Raises Refused: ``not_found``, ``changed_meanwhile``.
    """

    def work(tx: Tx) -> None:
        batch = load_row(tx, ImportBatch, batch_id)
        if batch.state in ("applying", "applied"):
            at_work = tx.run(select(Task.state).where(Task.id == batch.task_id)).scalar() != "done"
            if batch.undone_at is None or at_work:
                raise refuse(Code.CHANGED_MEANWHILE)
        store.record_discarded(tx, batch_id)
        record_import_audit(tx, "import_discarded", batch, by, now)

    transact(work, scope)


def forget_unfinished(*, now: datetime) -> int:
    """Timed work: forget the sheets that nobody imported within a month; they are full of phones
    and addresses. Gives how many there were."""
    batch = table_of(ImportBatch)
    is_left = batch.c.state.in_(OPEN_STATES), batch.c.created_at < now - FORGET_AFTER

    def find(tx: Tx) -> Sequence[int]:
        return tx.run(select(batch.c.id).where(*is_left)).scalars().all()

    def forget(tx: Tx, batch_id: int) -> bool:
        # Somebody may have imported or discarded it meanwhile.
        found = tx.run(select(batch).where(batch.c.id == batch_id, *is_left).with_for_update())
        row = found.first()
        if row is None:
            return False
        store.record_discarded(tx, batch_id)
        record_import_audit(tx, "import_forgotten", row, None, now)
        return True

    ids = transact(find, Scope.everything())
    return sum(
        transact(lambda tx, one=one: forget(tx, one), Scope.everything())  # type: ignore[misc]
        for one in ids
    )


def _columns_for(tx: Tx, community_id: int, words: Sequence[str]) -> dict[str, Any]:
    """How a sheet with these headings was read last time, else a guess."""
    key = header_key(words)
    remembered = store.load_remembered(tx, community_id, key)
    guess = {str(place): field.value for place, field in guess_columns(words).items()}
    return {
        "header_key": key,
        "columns": remembered.columns if remembered else guess,
        "default_age_band": remembered.default_age_band if remembered else None,
    }
