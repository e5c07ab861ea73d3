"""Taking an import back: who stands in the way, and the rows of whom nothing was recorded since.

A resident is never deleted: seals, scans and hashes may name the row. Whoever an import added and
nobody met since is emptied instead: no name, birth date, phone or home is left, the card is
cancelled, and no list shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, delete, func, literal, select, union_all, update

from volunteer.domain.age import AgeBand
from volunteer.domain.opening_balances import State
from volunteer.store.bulk import among, update_rows
from volunteer.store.database import Tx
from volunteer.store.import_changes import (
    NUMBER,
    PHONE,
    RESIDENCE,
    RESIDENT,
    details_row,
    load_details,
    record_numbers,
    record_phones,
    record_resident_columns,
)
from volunteer.store.import_old_books import record_old_books_withdrawn
from volunteer.store.imports import ROW, load_homes
from volunteer.store.ledger import ACCOUNT, lock_passbooks
from volunteer.store.models import (
    ActivationCode,
    Attendance,
    AuditEvent,
    Base,
    Card,
    ContactPhone,
    ExternalNumber,
    ImportRow,
    LoginResident,
    Residence,
    Scan,
)
from volunteer.store.models.base import table_of
from volunteer.store.opening_balances import OPENING, Deciding

_CARD, _CODE = table_of(Card), table_of(ActivationCode)
_OF_IMPORT = frozenset(
    table_of(model).name
    for model in (ActivationCode, Card, ContactPhone, ExternalNumber, ImportRow, Residence, Scan)
) | {"account", "attendance", "login_resident", "resident"}
"""Tables whose rows an import writes itself, or that are asked separately. A scan that was refused
is no record of a person, and no index leads from a resident to their scans."""
_LOOKED_AT = (
    "minor_opened",
    "opening_balance_proposed",
    "opening_balance_withdrawn",
    "strip_printed",
)
"""Deeds that change nothing about a person."""
_WEIGHT = ("record", "import", "changed", "link", "attendance", "line")
"""Of several records the last of these is said."""
_TAKEN_UP = ("added", "updated", "unchanged")


def load_undo_rows(tx: Tx, batch_id: int, *, first: int, most: int) -> Sequence[Any]:
    """Rows that an import took up, the last one first, from the ``first``-th on; those that
    changed nothing may have brought an old passbook."""
    written = (ROW.c.batch_id == batch_id, ROW.c.outcome.in_(_TAKEN_UP))
    return tx.run(
        select(ROW).where(*written).order_by(ROW.c.place.desc()).offset(first).limit(most)
    ).all()


def count_undo_rows(tx: Tx, batch_id: int) -> int:
    """How many rows an import took up."""
    return _count(tx, ROW.c.batch_id == batch_id, ROW.c.outcome.in_(_TAKEN_UP))


def load_undo_counts(tx: Tx, batch_id: int) -> dict[str, int]:
    """How many rows that had changed something were taken back, and how many kept."""
    changed = ROW.c.batch_id == batch_id, ROW.c.outcome.in_(("added", "updated"))
    undone = _count(tx, *changed, ROW.c.undone)
    return {"undone": undone, "kept": _count(tx, *changed) - undone}


def _count(tx: Tx, *where: Any) -> int:
    return int(tx.run(select(func.count()).select_from(ROW).where(*where)).scalar_one())


def load_in_the_way(tx: Tx, batch: Any, rows: Sequence[Any], today: date) -> dict[int, str]:
    """Residents of these rows of whom something was recorded since, and what; their passbooks are
    locked, so nothing more is recorded before the transaction ends."""
    added = sorted({row.resident_id for row in rows if row.outcome == "added"})
    updated = {row.resident_id: row for row in rows if row.outcome == "updated"}
    everybody = sorted({*added, *updated})
    # Those about whom nothing changed: they are asked only whether their old passbook is posted.
    all_named = sorted({row.resident_id for row in rows if row.resident_id is not None})
    if not all_named:
        return {}
    books = lock_passbooks(tx, all_named)
    applied_on = min(batch.applied_at.date(), today)
    asked = union_all(
        *_attendances(batch, applied_on), *_deeds(batch), *_later_imports(batch),
        *_records(batch), *_posted(batch),
    )  # fmt: skip
    whom = {"added": added, "everybody": everybody, "all_named": all_named}
    found = [(row.resident_id, str(row.what)) for row in tx.run(asked, **whom)]
    found += [(one, "changed") for one in _moved_on(tx, batch.community_id, updated)]
    found += [(one, "line") for one in added if books[one].last_entry_no or books[one].merges]
    strongest = sorted(found, key=lambda one: _WEIGHT.index(one[1]))
    return dict(strongest)


def record_undone(
    tx: Tx, batch: Any, rows: Sequence[Any], kept: Mapping[int, str], hand: Deciding
) -> None:
    """Empty whom these rows added, and give back what they changed about others; not ``kept``."""
    community_id, now = batch.community_id, hand.now
    going = [row for row in rows if row.resident_id not in kept]
    record_old_books_withdrawn(tx, batch.id, sorted({row.resident_id for row in going}), hand)
    added = sorted({row.resident_id for row in going if row.outcome == "added"})
    if added:
        _empty(tx, community_id, added, now)
    changed = {row.resident_id: row.before for row in going if row.outcome == "updated"}
    if changed:
        _give_back(tx, community_id, changed, now)
    if going:
        undone = [{"id": row.id, "undone": True} for row in going]
        update_rows(tx, ROW, undone, "undone = r.undone", "import_row.id = r.id")


def _attendances(batch: Any, applied_on: date) -> list[Any]:
    """Who came to something after the import was asked for; whom it added, to anything."""
    table = table_of(Attendance)
    since = table.c.checked_in_at.is_(None) | (table.c.checked_in_at >= batch.applied_at)
    return [
        _of(table, "attendance", "everybody").where(
            table.c.community_id == batch.community_id, table.c.local_date >= applied_on, since
        ),
        _of(table, "attendance", "added").where(table.c.community_id == batch.community_id),
    ]


def _deeds(batch: Any) -> list[Any]:
    """What staff have done about somebody since."""
    deed = table_of(AuditEvent)
    return [
        select(deed.c.subject_id.label("resident_id"), literal("changed").label("what")).where(
            deed.c.subject_kind == "resident",
            among(deed.c.subject_id, "everybody"),
            deed.c.happened_at >= batch.applied_at,
            deed.c.action.not_in(_LOOKED_AT),
        )
    ]


def _posted(batch: Any) -> list[Any]:
    """Whose old passbook out of this sheet is a line by now."""
    return [
        _of(OPENING, "line", "all_named").where(
            OPENING.c.import_batch_id == batch.id, OPENING.c.state == State.POSTED.value
        )
    ]


def _later_imports(batch: Any) -> list[Any]:
    return [
        _of(ROW, "import", "everybody").where(
            ROW.c.community_id == batch.community_id,
            ROW.c.batch_id > batch.id,
            ROW.c.outcome == "updated",
            ~ROW.c.undone,
        )
    ]


def _records(batch: Any) -> list[Any]:
    """Everything else in which somebody is named, of whatever kind it is or will be."""
    found = []
    for table in Base.metadata.sorted_tables:
        if table.name in _OF_IMPORT or "resident_id" not in table.c:
            continue
        if any(key.column.table.name == "resident" for key in table.c.resident_id.foreign_keys):
            named = _of(table, "record", "added").where(table.c.community_id == batch.community_id)
            if table is OPENING:
                named = named.where(table.c.import_batch_id.is_distinct_from(batch.id))
            found.append(named)
    link = table_of(LoginResident)
    return [*found, _of(link, "link", "added").where(link.c.community_id == batch.community_id)]


def _of(table: Table, what: str, whom: str) -> Any:
    return select(table.c.resident_id, literal(what).label("what")).where(
        among(table.c.resident_id, whom)
    )


def _moved_on(tx: Tx, community_id: int, updated: Mapping[int, Any]) -> set[int]:
    """Those about whom something reads otherwise than the import wrote it."""
    if not updated:
        return set()
    ids = sorted(updated)
    details = load_details(tx, community_id, ids)
    homes = load_homes(tx, community_id, ids)
    phones = _column(tx, PHONE, "phone", community_id, ids)
    numbers = _column(tx, NUMBER, "number", community_id, ids)
    other = set()
    for who, row in updated.items():
        now_is = {**details[who]._mapping, "phone": phones.get(who)}
        now_is["volunteer_number"] = numbers.get(who)
        home = homes.get(who)
        now_is["home"] = [home.building_id, home.room] if home is not None else None
        if born := now_is["birth_date"]:
            now_is["birth_date"] = born.isoformat()
            now_is["age_band"] = None
        wrote = {name: one[1] for name, one in row.before.items() if name != "residence"}
        if born and "birth_date" in wrote:
            wrote.pop("age_band", None)
        if any(now_is[name] != value for name, value in wrote.items()):
            other.add(who)
    return other


def _column(
    tx: Tx, table: Table, name: str, community_id: int, ids: Sequence[int]
) -> dict[int, str]:
    rows = tx.run(
        select(table.c.resident_id, table.c[name]).where(
            table.c.community_id == community_id, among(table.c.resident_id, "resident_ids")
        ),
        resident_ids=list(ids),
    )
    return {row.resident_id: str(row._mapping[name]) for row in rows}


def _empty(tx: Tx, community_id: int, ids: Sequence[int], now: datetime) -> None:
    emptied = {"name": "", "name_en": None, "birth_date": None, "age_band": AgeBand.ADULT.value}
    rows = [details_row(who, {**emptied, "state": "rejected"}) for who in ids]
    record_resident_columns(tx, rows)
    # As after a merge: a scan that found the person before looks again.
    for table, column in ((RESIDENT, RESIDENT.c.id), (ACCOUNT, ACCOUNT.c.resident_id)):
        again = update(table).where(among(column, "ids")).values(merges=table.c.merges + 1)
        tx.run(again, ids=list(ids))
    for table in (PHONE, NUMBER, RESIDENCE, _CODE):
        theirs = table.c.community_id == community_id, among(table.c.resident_id, "ids")
        tx.run(delete(table).where(*theirs), ids=list(ids))
    tx.run(
        update(_CARD)
        .where(among(_CARD.c.resident_id, "ids"), _CARD.c.state == "active")
        .values(state="revoked", ended_at=now),
        ids=list(ids),
    )


def _give_back(
    tx: Tx, community_id: int, changed: Mapping[int, Mapping[str, Any]], now: datetime
) -> None:
    now_are = load_details(tx, community_id, sorted(changed))
    rows = []
    for who, before in sorted(changed.items()):
        old = {name: one[0] for name, one in before.items() if name in now_are[who]._mapping}
        if old:
            rows.append(details_row(who, {**now_are[who]._mapping, **old}))
    record_resident_columns(tx, rows)
    record_phones(tx, community_id, _old(changed, "phone"), now)
    record_numbers(tx, community_id, _old(changed, "volunteer_number"))
    moved = [before for before in changed.values() if "home" in before]
    homes = [(before["home"][0], before["residence"]) for before in moved]
    _give_homes_back(tx, homes)


def _old(changed: Mapping[int, Mapping[str, Any]], name: str) -> dict[int, str | None]:
    return {who: before[name][0] for who, before in changed.items() if name in before}


def _give_homes_back(tx: Tx, homes: Sequence[tuple[Any, Mapping[str, Any]]]) -> None:
    """People live where they lived before, without a gap."""
    added = [one["added"] for _, one in homes if "added" in one]
    if added:
        tx.run(delete(RESIDENCE).where(among(RESIDENCE.c.id, "ids")), ids=added)
    ended = [one["ended"] for _, one in homes if one.get("ended")]
    if ended:
        running = update(RESIDENCE).where(among(RESIDENCE.c.id, "ids")).values(ends_on=None)
        tx.run(running, ids=ended)
    corrected = [
        {"id": one["corrected"], "area_id": one.get("area_id"), "building_id": home[0]}
        | {"room": home[1]}
        for home, one in homes
        if "corrected" in one
    ]
    if corrected:
        places = "area_id = r.area_id, building_id = r.building_id, room = r.room"
        update_rows(tx, RESIDENCE, corrected, places, "residence.id = r.id")
