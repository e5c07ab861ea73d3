"""Imports of residents as the staff see them: sheets, first rows, what becomes of each row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from volunteer.domain.access import Scope
from volunteer.domain.residents_import import HEADER_WITHIN, headings
from volunteer.queries.paging import PAGE_ROWS, Paged, page_within
from volunteer.store.database import db
from volunteer.store.models import ImportBatch, ImportRow, Login

MOST_BATCHES = 20
SAMPLES = 3
_SAMPLED_ROWS = 40


@dataclass(frozen=True)
class BatchRow:
    """One sheet. ``state`` is ``undone`` once it was taken back; ``columns`` is the field by place
    of its column."""

    batch_id: int
    community_id: int
    state: str
    file_name: str
    file_hash: bytes
    header_place: int
    columns: Mapping[int, str]
    notes: Mapping[str, Any]
    default_age_band: str | None
    total_rows: int
    task_id: int | None
    created_at: datetime
    applied_at: datetime | None
    undone_at: datetime | None
    by_name: str | None

    @property
    def is_open(self) -> bool:
        """Nothing is written down yet, and it may still be read another way."""
        return self.state in ("uploaded", "checked")

    @property
    def people_rows(self) -> int:
        return max(self.total_rows - self.header_place - 1, 0)

    @property
    def unplaced(self) -> Sequence[Sequence[Any]]:
        """Buildings that nobody knows: how it is written, in how many rows, the first row."""
        found: Sequence[Sequence[Any]] = self.notes.get("unplaced") or ()
        return found


@dataclass(frozen=True)
class SheetLine:
    """One row of the sheet as it stands there."""

    place: int
    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class SheetColumn:
    """A column with its heading and the first things written in it."""

    place: int
    letter: str
    heading: str
    samples: tuple[str, ...]


@dataclass(frozen=True)
class RowShown:
    """A row and what becomes of it; see ``store.models.ImportRow``."""

    row_id: int
    number: int
    cells: Sequence[str]
    fate: str | None
    outcome: str | None
    reading: Mapping[str, Any]
    changes: Mapping[str, Sequence[Any]]
    resident_id: int | None
    chosen_by_staff: bool
    undone: bool

    @property
    def candidates(self) -> Sequence[int]:
        found: Sequence[int] = self.reading.get("candidates") or ()
        return found


TABS = ("new", "changed", "ask", "error", "skip", "same")
"""What the dry run sorts rows into: ``changed`` and ``same`` are both updates."""
OUTCOME_TABS = ("added", "updated", "unchanged", "skipped")


def read_batches(scope: Scope, community_id: int) -> list[BatchRow]:
    """The newest sheets of a community."""
    if not scope.sees(community_id):
        return []
    newest = (
        _batches()
        .where(ImportBatch.community_id == community_id)
        .order_by(ImportBatch.id.desc())
        .limit(MOST_BATCHES)
    )
    return [_batch(row) for row in db.session.execute(newest)]


def read_batch(scope: Scope, batch_id: int) -> BatchRow | None:
    """One sheet, or None when not in scope."""
    row = db.session.execute(_batches().where(ImportBatch.id == batch_id)).first()
    return _batch(row) if row and scope.sees(row.community_id) else None


def read_same_file(batch: BatchRow) -> BatchRow | None:
    """The newest other import of this very file that was not undone."""
    row = db.session.execute(
        _batches()
        .where(
            ImportBatch.community_id == batch.community_id,
            ImportBatch.file_hash == batch.file_hash,
            ImportBatch.id != batch.batch_id,
            ImportBatch.state.in_(("applying", "applied")),
            ImportBatch.undone_at.is_(None),
        )
        .order_by(ImportBatch.id.desc())
        .limit(1)
    ).first()
    return _batch(row) if row else None


def read_first_lines(batch: BatchRow) -> list[SheetLine]:
    """The rows that may hold the headings."""
    return _lines(batch, 0, HEADER_WITHIN)


def read_columns(batch: BatchRow) -> list[SheetColumn]:
    """The columns below the chosen headings, those that hold nothing at all left out."""
    above = max(batch.header_place - 1, 0)
    lines = _lines(batch, above, _SAMPLED_ROWS)
    if not lines:
        return []
    header = batch.header_place - above
    words = headings([line.cells for line in lines], header)
    below = [line.cells for line in lines[header + 1 :]]
    width = max([len(words), *(len(cells) for cells in below)])
    found = []
    for place in range(width):
        written = [cells[place] for cells in below if place < len(cells) and cells[place]]
        heading = words[place] if place < len(words) else ""
        if heading or written:
            samples = tuple(dict.fromkeys(written))[:SAMPLES]
            found.append(SheetColumn(place, column_letter(place), heading, samples))
    return found


def column_letter(place: int) -> str:
    """What a spreadsheet program calls a column: 0 is A, 26 is AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def count_fates(batch: BatchRow) -> dict[str, int]:
    """How many rows of the dry run are in each of ``TABS``, and in ``chosen``: those that staff
    have decided about."""
    rows = db.session.execute(
        select(
            case((_in_tab("changed"), "changed"), (_in_tab("same"), "same"), else_=ImportRow.fate),
            func.count(),
            func.sum(case((ImportRow.chosen_by_staff, 1), else_=0)),
        )
        .where(*_people_of(batch))
        .group_by(
            case((_in_tab("changed"), "changed"), (_in_tab("same"), "same"), else_=ImportRow.fate)
        )
    ).all()
    found = dict.fromkeys(TABS, 0) | {"chosen": 0}
    for tab, count, chosen in rows:
        if tab in found:
            found[tab] += count
        found["chosen"] += chosen or 0
    return found


def count_outcomes(batch: BatchRow) -> dict[str, int]:
    """How many rows had which outcome."""
    rows = db.session.execute(
        select(ImportRow.outcome, func.count())
        .where(*_people_of(batch), ImportRow.outcome.is_not(None))
        .group_by(ImportRow.outcome)
    ).all()
    return dict.fromkeys(OUTCOME_TABS, 0) | {str(outcome): count for outcome, count in rows}


def read_fates(batch: BatchRow, tab: str, page: int) -> Paged[RowShown]:
    """A page of the rows in one of ``TABS``; in doubt are also those that staff have decided
    about, behind the others, so that a choice can be changed."""
    order = (ImportRow.chosen_by_staff, ImportRow.place)
    return _page(batch, _in_tab(tab), page, order)


def read_outcomes(batch: BatchRow, outcome: str, page: int) -> Paged[RowShown]:
    return _page(batch, ImportRow.outcome == outcome, page, (ImportRow.place,))


def read_sheet_rows(batch: BatchRow, row_ids: Collection[int]) -> dict[int, RowShown]:
    """These rows of the sheet by id."""
    if not row_ids:
        return {}
    rows = db.session.execute(
        _rows().where(ImportRow.batch_id == batch.batch_id, ImportRow.id.in_(row_ids))
    )
    return {row.id: _row(row) for row in rows}


def _page(
    batch: BatchRow, wanted: ColumnElement[bool], page: int, order: Sequence[Any]
) -> Paged[RowShown]:
    matching = (*_people_of(batch), wanted)
    total = db.session.scalar(select(func.count()).select_from(ImportRow).where(*matching)) or 0
    page = page_within(page, total)
    rows = db.session.execute(
        _rows().where(*matching).order_by(*order).limit(PAGE_ROWS).offset((page - 1) * PAGE_ROWS)
    )
    return Paged(tuple(_row(row) for row in rows), page, total)


def _in_tab(tab: str) -> ColumnElement[bool]:
    if tab == "changed":
        return and_(ImportRow.fate == "update", ImportRow.changes.is_not(None))
    if tab == "same":
        return and_(ImportRow.fate == "update", ImportRow.changes.is_(None))
    if tab == "ask":
        return or_(ImportRow.fate == "ask", ImportRow.chosen_by_staff)
    return ImportRow.fate == tab


def _people_of(batch: BatchRow) -> tuple[ColumnElement[bool], ...]:
    return ImportRow.batch_id == batch.batch_id, ImportRow.place > batch.header_place


def _lines(batch: BatchRow, first: int, most: int) -> list[SheetLine]:
    rows = db.session.execute(
        select(ImportRow.place, ImportRow.number, ImportRow.cells)
        .where(ImportRow.batch_id == batch.batch_id, ImportRow.place >= first)
        .order_by(ImportRow.place)
        .limit(most)
    )
    return [SheetLine(row.place, row.number, tuple(row.cells["cells"])) for row in rows]


def _batches() -> Select[Any]:
    return select(
        ImportBatch.id,
        ImportBatch.community_id,
        ImportBatch.state,
        ImportBatch.file_name,
        ImportBatch.file_hash,
        ImportBatch.header_place,
        ImportBatch.columns,
        ImportBatch.notes,
        ImportBatch.default_age_band,
        ImportBatch.total_rows,
        ImportBatch.task_id,
        ImportBatch.created_at,
        ImportBatch.applied_at,
        ImportBatch.undone_at,
        Login.name.label("by_name"),
    ).outerjoin(Login, Login.id == ImportBatch.created_by_login_id)


def _batch(row: Any) -> BatchRow:
    return BatchRow(
        batch_id=row.id,
        community_id=row.community_id,
        state="undone" if row.undone_at else row.state,
        file_name=row.file_name,
        file_hash=bytes(row.file_hash),
        header_place=row.header_place,
        columns={int(place): str(field) for place, field in row.columns.items()},
        notes=row.notes,
        default_age_band=row.default_age_band,
        total_rows=row.total_rows,
        task_id=row.task_id,
        created_at=row.created_at,
        applied_at=row.applied_at,
        undone_at=row.undone_at,
        by_name=row.by_name,
    )


def _rows() -> Select[Any]:
    return select(
        ImportRow.id,
        ImportRow.number,
        ImportRow.cells,
        ImportRow.fate,
        ImportRow.outcome,
        ImportRow.reading,
        ImportRow.changes,
        ImportRow.resident_id,
        ImportRow.chosen_by_staff,
        ImportRow.undone,
    )


def _row(row: Any) -> RowShown:
    return RowShown(
        row_id=row.id,
        number=row.number,
        cells=row.cells["cells"],
        fate=row.fate,
        outcome=row.outcome,
        reading=row.reading or {},
        changes=row.changes or {},
        resident_id=row.resident_id,
        chosen_by_staff=row.chosen_by_staff,
        undone=row.undone,
    )
