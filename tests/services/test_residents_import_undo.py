"""Taking an import back: what it leaves, who stands in the way, and scans at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.scanning import as_device, record, scan_row
from tests.services.test_residents_import import (
    CHEN,
    check,
    choose,
    keep,
    many,
    start,
    work_off,
)
from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.residents_import import guess_columns
from volunteer.domain.tasks import LEASE
from volunteer.queries.tasks import read_task
from volunteer.services import opening_balances, residents_upload, tasks
from volunteer.services import residents_import_undo as service
from volunteer.services.people import PersonDetails, edit_resident
from volunteer.services.residents_import import Choices, check_import
from volunteer.store import models as m
from volunteer.store.database import db

LATER = FRIDAY + timedelta(minutes=5)
REGISTER = (m.Resident, m.Residence, m.ContactPhone, m.ExternalNumber, m.Card)


def import_rows(town: Town, *rows: tuple[str, ...], chosen: bool = False) -> int:
    """A batch that is written down; ``chosen``: rows in doubt mean whom they may mean first."""
    batch_id = keep(town, *rows)
    asked = check(town, batch_id)
    if chosen:
        said = {row.id: row.reading["candidates"][0] for row in asked if row.fate == "ask"}
        choose(town, batch_id, said)
    start(town, batch_id)
    assert work_off(town) == 1
    return batch_id


def undo(town: Town, batch_id: int) -> dict[str, int]:
    """What came of it."""
    scope = Scope.of(town.community_id)
    task_id = service.undo_import(batch_id, by=town.login(), now=LATER, scope=scope)
    assert work_off(town, now=LATER) == 1
    done = read_task(Scope.everything(), task_id)
    db.session.remove()
    assert done
    assert done.state == "done"
    return dict(done.result)


def in_the_way(town: Town, batch_id: int) -> dict[str, str]:
    """By name, what was recorded."""
    scope = Scope.of(town.community_id)
    found = service.look_at_undo(batch_id, now=LATER, scope=scope).in_the_way
    return {one.name: one.what for one in found}


def rows_of(model: type[m.Base], *leaving_out: str) -> list[dict[str, Any]]:
    with db.engine.connect() as connection:
        rows = connection.execute(select(model.__table__).order_by(model.__table__.c.id))
        return [
            {name: value for name, value in row._mapping.items() if name not in leaving_out}
            for row in rows
        ]


def ids() -> dict[str, int]:
    return {row["name"]: row["id"] for row in rows_of(m.Resident)}


def test_who_was_added_is_emptied_and_may_be_imported_again(both_town: Town) -> None:
    both_town.building("12栋")
    batch_id = import_rows(both_town, CHEN, ("王芳", "", "12栋", "5", "9"))
    assert undo(both_town, batch_id) == {"undone": 2, "kept": 0}
    people = rows_of(m.Resident)
    assert {(one["name"], one["state"], one["pinyin"]) for one in people} == {("", "rejected", "")}
    assert not rows_of(m.Residence) + rows_of(m.ContactPhone) + rows_of(m.ExternalNumber)
    assert {card["state"] for card in rows_of(m.Card)} == {"revoked"}
    assert not rows_of(m.ActivationCode)
    import_rows(both_town, CHEN)
    assert [one["name"] for one in rows_of(m.Resident)] == ["", "", "陈秀英"]


def test_what_was_changed_is_as_before(both_town: Town) -> None:
    three = both_town.building("3栋")
    both_town.building("12栋")
    both_town.resident("陈秀英", building_id=three)
    both_town.resident("李伟", building_id=three)
    both_town.resident("王芳", birth_date=date(1990, 1, 2))
    import_rows(
        both_town,
        ("王芳", "13900139000", "幸福里9栋", "5", "36"),
        ("陈秀英", "", "3栋", "402", "70", "SZ1"),
        chosen=True,
    )
    before = [rows_of(model) for model in REGISTER]
    phones = rows_of(m.ContactPhone, "id")
    batch_id = import_rows(
        both_town,
        ("陈秀英", "13800138000", "12栋", "402", "16", "SZ1"),
        ("李伟", "", "3栋", "7", "35"),
        ("王芳", "13900139000", "12栋", "5", "36"),
        chosen=True,
    )
    after = [rows_of(model) for model in REGISTER]
    assert [one != other for one, other in zip(after, before, strict=True)] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert undo(both_town, batch_id)["kept"] == 0
    assert rows_of(m.Resident) == before[0]
    assert rows_of(m.Residence) == before[1]
    assert rows_of(m.ContactPhone, "id") == phones
    assert rows_of(m.ExternalNumber) == before[3]
    assert rows_of(m.Card) == before[4]


def _attends(town: Town, who: int) -> None:
    event = town.event(town.activity())
    passbook = next(one for one in rows_of(m.Resident) if one["id"] == who)["passbook_number"]
    device = town.device()
    record(town, as_device(device), scan_row(event, passbook, at=LATER), now=LATER)


def _edited(town: Town, who: int) -> None:
    details = PersonDetails(name="陈秀英", name_en="Xiuying", birth_date=None, age_band="18_plus")
    scope = Scope.of(town.community_id)
    edit_resident(who, details, by=town.login(), now=LATER, scope=scope)


def _imported_again(town: Town, who: int) -> None:
    import_rows(town, ("陈秀英", "13800138000", "12栋", "999", "70", "SZ1"))


@pytest.mark.parametrize(
    ("happens", "what"),
    [
        (_attends, "line"),
        (_edited, "changed"),
        (_imported_again, "import"),
        (lambda town, who: town.login(acts_for={who: "self"}), "link"),
        (lambda town, who: town.consent(who), "record"),
    ],
    ids=["attends", "edited", "imported", "link", "consent"],
)
def test_who_has_a_later_record_stands_in_the_way(
    both_town: Town, happens: Callable[[Town, int], Any], what: str
) -> None:
    both_town.building("12栋")
    batch_id = import_rows(both_town, CHEN, ("王芳", "", "12栋", "5", "35"))
    assert in_the_way(both_town, batch_id) == {}
    happens(both_town, ids()["陈秀英"])
    assert in_the_way(both_town, batch_id) == {"陈秀英": what}
    with pytest.raises(Refused) as caught:
        undo(both_town, batch_id)
    refusal = caught.value.refusal
    assert refusal.code is Code.IMPORT_FOLLOWED
    assert refusal.facts == {"count": 1, "names": "陈秀英"}


def test_a_later_record_of_somebody_updated_stands_in_the_way_too(both_town: Town) -> None:
    both_town.building("12栋")
    first = import_rows(both_town, CHEN)
    second = import_rows(both_town, ("陈秀英", "13800138001", "12栋", "402", "70", "SZ1"))
    assert in_the_way(both_town, first) == {"陈秀英": "import"}
    assert in_the_way(both_town, second) == {}
    _attends(both_town, ids()["陈秀英"])
    assert in_the_way(both_town, second) == {"陈秀英": "attendance"}


OLD = ("姓名", "年龄", "旧积分", "旧时长")


def import_old_books(town: Town, *rows: tuple[str, ...]) -> int:
    batch_id = keep(town, *rows, header=OLD)
    scope = Scope.of(town.community_id)
    check_import(batch_id, Choices(guess_columns(OLD)), now=FRIDAY, scope=scope)
    start(town, batch_id)
    work_off(town)
    return batch_id


def test_an_import_proposes_old_passbooks_and_its_undo_takes_them_along(both_town: Town) -> None:
    batch_id = import_old_books(both_town, ("陈秀英", "70", "120", "12.5"), ("王芳", "35", "", ""))
    [one] = rows_of(m.OpeningBalance)
    assert (one["points"], one["minutes"], one["state"]) == (120, 750, "proposed")
    assert (one["import_batch_id"], one["import_row_number"]) == (batch_id, 2)
    assert rows_of(m.Entry) == []
    # The same sheet again, with other figures for somebody about whom nothing else changes.
    again = import_old_books(both_town, ("陈秀英", "70", "130", "12.5"))
    assert [one["state"] for one in rows_of(m.OpeningBalance)] == ["withdrawn", "proposed"]
    assert in_the_way(both_town, batch_id) == {"陈秀英": "record"}
    undo(both_town, again)
    assert {one["state"] for one in rows_of(m.OpeningBalance)} == {"withdrawn"}
    scope = Scope.of(both_town.community_id)
    residents_upload.discard_import(again, by=both_town.login(), now=LATER, scope=scope)


def test_an_old_passbook_that_is_posted_stands_in_the_way(both_town: Town) -> None:
    both_town.resident("吴刚", state="provisional")
    batch_id = import_old_books(both_town, ("陈秀英", "70", "120", ""))
    later = import_old_books(both_town, ("陈秀英", "70", "120", "1"), ("吴刚", "35", "7", ""))
    [opening] = [one["id"] for one in rows_of(m.OpeningBalance) if one["state"] == "proposed"]
    scope = Scope.of(both_town.community_id)
    approver = both_town.login(roles=("community_admin",))
    done = opening_balances.approve(
        both_town.community_id, [opening], by=approver, now=LATER, scope=scope
    )
    assert done.posted == 1
    assert in_the_way(both_town, batch_id)["陈秀英"] == "line"
    assert in_the_way(both_town, later) == {"陈秀英": "line"}
    third = import_old_books(both_town, ("陈秀英", "70", "999", ""))
    with db.engine.connect() as connection:
        row = m.ImportRow.__table__.c
        said = select(row.reading).where(row.batch_id == third, row.place == 1)
        refused = connection.execute(said).scalar_one()["old_refused"]
    assert refused["code"] == Code.BROUGHT_FORWARD_ALREADY


def test_a_killed_undo_goes_on_where_it_stopped(both_town: Town) -> None:
    both_town.building("12栋")
    batch_id = import_rows(both_town, *many(0, 120))
    scope = Scope.of(both_town.community_id)
    service.undo_import(batch_id, by=both_town.login(), now=LATER, scope=scope)
    taken = tasks.take_task([service.KIND], "killed", now=LATER)
    assert taken
    service.undo_chunk(taken, LATER)
    assert sum(one["name"] == "" for one in rows_of(m.Resident)) == service.CHUNK
    assert work_off(both_town, "next", LATER + LEASE + timedelta(seconds=1)) == 1
    assert {one["name"] for one in rows_of(m.Resident)} == {""}


def test_an_import_is_undone_once_and_only_by_its_community(both_town: Town) -> None:
    batch_id = keep(both_town, CHEN)
    check(both_town, batch_id)
    own, other = Scope.of(both_town.community_id), Scope.of(both_town.community("景华社区"))

    def code(scope: Scope) -> Code:
        with pytest.raises(Refused) as caught:
            service.undo_import(batch_id, by=1, now=LATER, scope=scope)
        return caught.value.refusal.code

    assert code(own) is Code.CHANGED_MEANWHILE
    start(both_town, batch_id)
    work_off(both_town)
    assert code(other) is Code.NOT_FOUND
    undo(both_town, batch_id)
    assert code(own) is Code.CHANGED_MEANWHILE


def test_a_scan_at_the_same_moment_counts_or_comes_too_late(
    both_town: Town, both_app: Flask
) -> None:
    """Whoever is scanned first is kept, whoever is emptied first is refused; nobody is both."""
    both_town.building("12栋")
    names = [f"李{one}" for one in "一二三四五六七八九十"]
    batch_id = import_rows(
        both_town, *((name, "", "12栋", f"{n}", "35") for n, name in enumerate(names))
    )
    event, device = both_town.event(both_town.activity()), both_town.device()
    numbers = [one["passbook_number"] for one in rows_of(m.Resident)]
    scope = Scope.of(both_town.community_id)
    service.undo_import(batch_id, by=both_town.login(), now=LATER, scope=scope)
    gate, verdicts = threading.Barrier(2), {}

    def scanning() -> None:
        with both_app.app_context():
            gate.wait()
            for number in reversed(numbers):
                row = scan_row(event, number, at=LATER)
                [verdict] = record(both_town, as_device(device), row, now=LATER)
                verdicts[number] = verdict.code

    thread = threading.Thread(target=scanning)
    thread.start()
    gate.wait()
    work_off(both_town, now=LATER)
    thread.join()
    attended = {row["resident_id"] for row in rows_of(m.Attendance)}
    for one in rows_of(m.Resident):
        was_there = one["id"] in attended
        assert (one["state"] == "active") == was_there, one
        expected = "ok_in" if was_there else Code.RESIDENT_INACTIVE
        assert verdicts[one["passbook_number"]] == expected
