"""Imports of residents: their batches and rows, who is known already, how a sheet is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, func, select, union_all, update

from volunteer.domain.building_names import buildings_by_key
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.residents_import import Field, Reading, SheetPerson
from volunteer.domain.residents_matching import VOLUNTEER_NUMBER, Fate, Known
from volunteer.store.audit import record_audit
from volunteer.store.bulk import among, insert_rows, update_rows
from volunteer.store.database import Tx
from volunteer.store.models import (
    Area,
    Building,
    BuildingAlias,
    Community,
    ContactPhone,
    ExternalNumber,
    ImportBatch,
    ImportRow,
    Login,
    LoginResident,
    OpeningBalance,
    Residence,
    Resident,
)
from volunteer.store.models.base import table_of
from volunteer.store.rows import load_row

ROW = table_of(ImportRow)
OUTCOMES = ("added", "updated", "unchanged", "skipped")
_MATCHED_STATES = ("active", "provisional", "moved_away", "deceased")


def lock_register(tx: Tx, community_id: int) -> None:
    """One import at a time decides who is new in a community.

    Not FOR UPDATE: every scan's foreign keys share a lock on this row, and would wait for it.
    """
    row = select(Community.id).where(Community.id == community_id)
    tx.run(row.with_for_update(key_share=True))


def load_known(tx: Tx, community_id: int) -> list[Known]:
    """Everybody with a passbook here, as far as a row of a sheet can be told to mean them."""
    return _load_known(tx, community_id, None)


def load_known_of(
    tx: Tx, community_id: int, people: Sequence[SheetPerson], and_ids: Collection[int]
) -> list[Known]:
    """Those whom ``people`` may mean, and ``and_ids``: a chunk of a sheet does not read a whole
    register while scans wait for the write lock."""
    named: dict[str, list[str]] = {
        "names": sorted({one.name for one in people}),
        "phones": sorted({one.phone for one in people if one.phone}),
        "passbooks": sorted({one.passbook_number for one in people if one.passbook_number}),
        "numbers": sorted({one.volunteer_number for one in people if one.volunteer_number}),
    }
    found = tx.run(_MEANT, community_id=community_id, **named).scalars()
    ids = sorted({*found, *and_ids})
    return _load_known(tx, community_id, ids) if ids else []


def _meant() -> Any:
    """Residents by name, passbook number, phone and volunteer number, each along an index."""
    here = Resident.community_id == _community()
    return union_all(
        select(Resident.id).where(here, among(table_of(Resident).c.name, "names")),
        select(Resident.id).where(here, among(table_of(Resident).c.passbook_number, "passbooks")),
        select(ContactPhone.resident_id).where(
            ContactPhone.community_id == _community(),
            among(table_of(ContactPhone).c.phone, "phones"),
        ),
        select(LoginResident.resident_id)
        .join(Login, Login.id == LoginResident.login_id)
        .where(
            LoginResident.community_id == _community(), among(table_of(Login).c.phone, "phones")
        ),
        select(ExternalNumber.resident_id).where(
            ExternalNumber.community_id == _community(),
            ExternalNumber.system == VOLUNTEER_NUMBER,
            among(table_of(ExternalNumber).c.number, "numbers"),
        ),
    )


def _community() -> Any:
    return bindparam("community_id", type_=BigInteger())


_MEANT = _meant()
"""Built once: see ``Tx.run``."""


def _load_known(tx: Tx, community_id: int, ids: Sequence[int] | None) -> list[Known]:
    def rows(statement: Any, column: Any) -> Sequence[Any]:
        if ids is None:
            return tx.run(statement).all()
        return tx.run(statement.where(among(column, "resident_ids")), resident_ids=ids).all()

    noted = rows(
        select(ContactPhone.resident_id, ContactPhone.phone).where(
            ContactPhone.community_id == community_id
        ),
        table_of(ContactPhone).c.resident_id,
    )
    signing_in = rows(_own_phones(community_id), table_of(LoginResident).c.resident_id)
    phones: dict[int, set[str]] = {}
    for row in (*noted, *signing_in):
        phones.setdefault(row.resident_id, set()).add(row.phone)
    contact = {row.resident_id: row.phone for row in noted}
    homes = {
        row.resident_id: row
        for row in rows(_running_homes(community_id), table_of(Residence).c.resident_id)
    }
    numbers = {
        row.resident_id: row.number
        for row in rows(_volunteer_numbers(community_id), table_of(ExternalNumber).c.resident_id)
    }
    return [
        Known(
            resident_id=row.id,
            name=row.name,
            passbook_number=row.passbook_number,
            phones=frozenset(phones.get(row.id, ())),
            building_id=homes[row.id].building_id if row.id in homes else None,
            room=homes[row.id].room if row.id in homes else None,
            volunteer_number=numbers.get(row.id),
            name_en=row.name_en,
            birth_date=row.birth_date,
            age_band=row.age_band,
            contact_phone=contact.get(row.id),
            state=row.state,
        )
        for row in rows(_people(community_id), table_of(Resident).c.id)
    ]


def _people(community_id: int) -> Any:
    """Not the guests: their own community imports them."""
    return select(
        Resident.id,
        Resident.name,
        Resident.name_en,
        Resident.passbook_number,
        Resident.birth_date,
        Resident.age_band,
        Resident.state,
    ).where(
        Resident.community_id == community_id,
        Resident.state.in_(_MATCHED_STATES),
        Resident.home_resident_id.is_(None),
    )


def _own_phones(community_id: int) -> Any:
    return (
        select(LoginResident.resident_id, Login.phone)
        .join(Login, Login.id == LoginResident.login_id)
        .where(
            LoginResident.community_id == community_id,
            LoginResident.relation == "self",
            LoginResident.revoked_at.is_(None),
            LoginResident.ends_on.is_(None),
            Login.phone.is_not(None),
        )
    )


def _volunteer_numbers(community_id: int) -> Any:
    return select(ExternalNumber.resident_id, ExternalNumber.number).where(
        ExternalNumber.community_id == community_id, ExternalNumber.system == VOLUNTEER_NUMBER
    )


def _running_homes(community_id: int) -> Any:
    return select(
        Residence.id,
        Residence.resident_id,
        Residence.area_id,
        Residence.building_id,
        Residence.room,
        Residence.starts_on,
    ).where(
        Residence.community_id == community_id,
        Residence.kind == "lives",
        Residence.ends_on.is_(None),
    )


def load_homes(tx: Tx, community_id: int, resident_ids: Sequence[int]) -> dict[int, Any]:
    """The running home of each of these, with its id and first day."""
    statement = _running_homes(community_id).where(
        among(table_of(Residence).c.resident_id, "resident_ids")
    )
    rows = tx.run(statement.order_by(Residence.id), resident_ids=resident_ids)
    return {row.resident_id: row for row in rows}


def load_areas(tx: Tx, building_ids: Iterable[int]) -> dict[int, int]:
    """The area of each building."""
    wanted = sorted(set(building_ids))
    if not wanted:
        return {}
    rows = tx.run(
        select(Building.id, Building.area_id).where(among(table_of(Building).c.id, "ids")),
        ids=wanted,
    )
    return {row.id: row.area_id for row in rows}


def load_reading(tx: Tx, batch: Any, today: date) -> Reading:
    """How the rows of a batch are read: its columns, and the community's buildings."""
    return Reading(
        columns={int(place): Field(field) for place, field in batch.columns.items()},
        buildings=load_buildings(tx, batch.community_id),
        today=today,
        default_age_band=batch.default_age_band,
    )


def load_buildings(tx: Tx, community_id: int) -> Mapping[str, int]:
    """Building by key: of its name, of its area and name, of what else it is called."""
    in_use = Building.community_id == community_id, Building.deactivated_at.is_(None)
    names = tx.run(
        select(Building.id, Building.name, Area.name.label("area"))
        .join(Area, Area.id == Building.area_id)
        .where(*in_use)
    ).all()
    aliases = tx.run(
        select(BuildingAlias.building_id, BuildingAlias.alias)
        .join(Building, Building.id == BuildingAlias.building_id)
        .where(*in_use)
    )
    return buildings_by_key(
        [(row.id, row.name) for row in names] + [(row.id, row.area + row.name) for row in names],
        [(row.building_id, row.alias) for row in aliases],
    )


def load_open_batch(tx: Tx, batch_id: int) -> Any:
    """A batch that is not imported yet, locked. Raises Refused: ``not_found``,
    ``changed_meanwhile``."""
    batch = load_row(tx, ImportBatch, batch_id)
    if batch.state not in ("uploaded", "checked"):
        raise refuse(Code.CHANGED_MEANWHILE)
    return batch


def load_batch(tx: Tx, batch_id: int) -> Any:
    """A batch that was there a moment ago, not locked. Raises Refused: ``not_found``."""
    found = tx.run(select(table_of(ImportBatch)).where(ImportBatch.id == batch_id)).first()
    if found is None or not tx.scope.sees(found.community_id):
        raise refuse(Code.NOT_FOUND)
    return found


def load_rows(tx: Tx, batch_id: int, *, first: int = 0, most: int | None = None) -> Sequence[Any]:
    """Rows of a batch from a place on, in order."""
    statement = (
        select(ROW).where(ROW.c.batch_id == batch_id, ROW.c.place >= first).order_by(ROW.c.place)
    )
    return tx.run(statement if most is None else statement.limit(most)).all()


def load_rows_of(tx: Tx, batch_id: int, row_ids: Sequence[int]) -> Sequence[Any]:
    """These rows of a batch, in order."""
    chosen = select(ROW).where(ROW.c.batch_id == batch_id, among(ROW.c.id, "row_ids"))
    return tx.run(chosen.order_by(ROW.c.place), row_ids=row_ids).all()


def load_remembered(tx: Tx, community_id: int, key: bytes) -> Any | None:
    """How the community's last sheet with the same headings was read, once staff had agreed."""
    same = (
        select(ImportBatch.columns, ImportBatch.default_age_band)
        .where(
            ImportBatch.community_id == community_id,
            ImportBatch.header_key == key,
            ImportBatch.state.in_(("checked", "applying", "applied")),
        )
        .order_by(ImportBatch.id.desc())
        .limit(1)
    )
    return tx.run(same).first()


def load_same_file(tx: Tx, batch: Any) -> bool:
    """Whether another batch of this very file was imported and not undone."""
    same = select(ImportBatch.id).where(
        ImportBatch.community_id == batch.community_id,
        ImportBatch.file_hash == batch.file_hash,
        ImportBatch.id != batch.id,
        ImportBatch.state.in_(("applying", "applied")),
        ImportBatch.undone_at.is_(None),
    )
    return tx.run(same.limit(1)).first() is not None


def load_counts(tx: Tx, batch_id: int) -> dict[str, int]:
    """How many rows had which outcome."""
    rows = tx.run(
        select(ROW.c.outcome, func.count().label("rows"))
        .where(ROW.c.batch_id == batch_id, ROW.c.outcome.is_not(None))
        .group_by(ROW.c.outcome)
    )
    return dict.fromkeys(OUTCOMES, 0) | {str(row.outcome): int(row.rows) for row in rows}


def record_rows(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep rows of a sheet; a chunk of at most 500."""
    insert_rows(tx, ROW, rows)


def record_fates(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """What the dry run says of rows."""
    update_rows(
        tx,
        ROW,
        rows,
        "fate = r.fate, reading = r.reading, resident_id = r.resident_id, changes = r.changes,"
        " chosen_by_staff = r.chosen_by_staff",
        "import_row.id = r.id",
    )


def record_outcomes(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """What became of the rows of a chunk."""
    update_rows(
        tx,
        ROW,
        rows,
        "outcome = r.outcome, resident_id = r.resident_id, before = r.before",
        "import_row.id = r.id",
    )


def record_chosen_for_all(tx: Tx, batch_id: int, fate: Fate) -> None:
    """Staff decide about every row in doubt at once."""
    in_doubt = ROW.c.batch_id == batch_id, ROW.c.fate == Fate.ASK.value
    values = {"fate": fate.value, "resident_id": None, "changes": None, "chosen_by_staff": True}
    tx.run(update(ROW).where(*in_doubt).values(**values))


def record_batch(tx: Tx, batch_id: int, **values: Any) -> None:
    tx.run(update(ImportBatch).where(ImportBatch.id == batch_id).values(**values))


def record_discarded(tx: Tx, batch_id: int) -> None:
    """Nothing of a sheet that was not imported, or was taken back, is kept; an old passbook that
    it proposed forgets where it came from."""
    proposed = update(OpeningBalance).where(OpeningBalance.import_batch_id == batch_id)
    tx.run(proposed.values(import_batch_id=None, import_row_number=None))
    tx.run(delete(ImportRow).where(ImportRow.batch_id == batch_id))
    tx.run(delete(ImportBatch).where(ImportBatch.id == batch_id))


def record_import_audit(
    tx: Tx, action: str, batch: Any, by: int | None, now: datetime, *, count: int | None = None
) -> None:
    """Who did what to a batch."""
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="import_batch",
        subject_id=batch.id,
        community_id=batch.community_id,
        login_id=by,
        facts={"file": batch.file_name, "count": count},
    )
