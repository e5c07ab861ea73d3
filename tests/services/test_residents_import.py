"""A sheet of residents: the dry run, the writing down in chunks, and the same sheet again."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests.scanning import as_device, record, scan_row
from tests.town import FRIDAY, SINCE, Town
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.residents_dry_run import Chosen
from volunteer.domain.residents_import import Field
from volunteer.domain.residents_matching import Fate
from volunteer.domain.tasks import LEASE
from volunteer.jobs.registry import jobs_of, tasks_of
from volunteer.jobs.tasks import TaskWorker
from volunteer.queries.tasks import read_task
from volunteer.services import residents_import as service
from volunteer.services import residents_upload, tasks
from volunteer.services.residents_import import Choices
from volunteer.services.residents_upload import Upload
from volunteer.store import database
from volunteer.store import models as m
from volunteer.store.database import db

log = logging.getLogger("tests")

HEADER = ("姓名", "手机", "楼栋", "房号", "年龄", "义工号", "身份证号")
COLUMNS = {
    0: Field.NAME, 1: Field.PHONE, 2: Field.BUILDING, 3: Field.ROOM, 4: Field.AGE,
    5: Field.VOLUNTEER_NUMBER,
}  # fmt: skip
CHEN = ("陈秀英", "13800138000", "十二栋", "402", "70", "SZ1", "440304195603011234")


FILES = itertools.count()


def keep(
    town: Town, *rows: tuple[str, ...], file: str = "", header: tuple[str, ...] = HEADER
) -> int:
    """A batch; each is a file of its own unless ``file`` names one."""
    every = [header, *rows]
    digest = sha256((file or f"{next(FILES)}").encode()).digest()
    upload = Upload("名单.xlsx", digest, every, range(1, len(every) + 1))
    scope = Scope.of(town.community_id)
    return residents_upload.keep_upload(
        town.community_id, upload, by=town.login(), now=FRIDAY, scope=scope
    )


def check(town: Town, batch_id: int, **more: Any) -> list[Any]:
    choices = Choices(COLUMNS, **more)
    service.check_import(batch_id, choices, now=FRIDAY, scope=Scope.of(town.community_id))
    return rows_of(batch_id)[1:]


def rows_of(batch_id: int) -> list[Any]:
    with db.engine.connect() as connection:
        return list(
            connection.execute(
                select(m.ImportRow.__table__)
                .where(m.ImportRow.batch_id == batch_id)
                .order_by(m.ImportRow.place)
            )
        )


def choose(town: Town, batch_id: int, chosen: dict[int, int | None]) -> None:
    """By row id the resident whom it means, or somebody new."""
    said = {row: Chosen(Fate.UPDATE if who else Fate.NEW, who) for row, who in chosen.items()}
    service.choose_rows(batch_id, said, now=FRIDAY, scope=Scope.of(town.community_id))


def start(town: Town, batch_id: int) -> int:
    scope = Scope.of(town.community_id)
    return service.apply_import(batch_id, by=town.login(), now=FRIDAY, scope=scope)


def work_off(town: Town, name: str = "one", now: Any = FRIDAY) -> int:
    return TaskWorker(tasks_of(town.keys), name, lambda: now, lambda: True).work_off()


def bring_in(town: Town, *rows: tuple[str, ...]) -> dict[str, int]:
    batch_id = keep(town, *rows)
    check(town, batch_id)
    task_id = start(town, batch_id)
    assert work_off(town) == 1
    done = read_task(Scope.everything(), task_id)
    db.session.remove()
    assert done
    assert done.state == "done"
    return {name: count for name, count in done.result.items() if count}


def count(model: type[m.Base]) -> int:
    with db.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(model.__table__)).scalar_one()


def many(first: int, last: int) -> list[tuple[str, ...]]:
    digits = str.maketrans("0123456789", "零一二三四五六七八九")
    return [
        (f"李{one}".translate(digits), f"138{one:08d}", "12栋", f"{one}", "35", "")
        for one in range(first, last)
    ]


def test_the_dry_run_touches_nobody(both_town: Town) -> None:
    both_town.building("12栋")
    rows = check(both_town, keep(both_town, CHEN, ("", "1", "12栋", "", "70")))
    assert [row.fate for row in rows] == ["new", "error"]
    problems = rows[1].reading["problems"]
    assert [one["code"] for one in problems] == ["name_missing", "phone_invalid"]
    assert rows[1].number == 3
    assert count(m.Resident) == 0


def test_an_identity_card_number_is_never_kept(both_town: Town) -> None:
    batch_id = keep(both_town, CHEN)
    assert "440304" not in str(rows_of(batch_id))
    with db.engine.connect() as connection:
        assert connection.execute(select(m.ImportBatch.notes)).scalar_one() == {
            "dropped": ["身份证号"]
        }


def test_a_row_becomes_a_person_with_everything_they_need(both_town: Town) -> None:
    building = both_town.building("12栋")
    assert bring_in(both_town, CHEN) == {"added": 1}
    with db.engine.connect() as connection:
        home = connection.execute(select(m.Residence.building_id, m.Residence.room)).one()
        phone = connection.execute(select(m.ContactPhone.phone)).scalar_one()
        number = connection.execute(select(m.ExternalNumber.number)).scalar_one()
    assert (home.building_id, home.room, phone, number) == (
        building, "402", "+8613800138000", "SZ1",
    )  # fmt: skip
    assert (count(m.Resident), count(m.Card), count(m.Login)) == (1, 1, 2)


def test_the_same_sheet_again_changes_nothing(both_town: Town) -> None:
    both_town.building("12栋")
    people = [CHEN, ("王芳", "", "幸福里9栋", "402", "35"), ("李伟", "", "12栋", "101", "35")]
    assert bring_in(both_town, *people) == {"added": 3}
    assert bring_in(both_town, *people) == {"unchanged": 3}
    assert count(m.Resident) == 3


def test_a_later_sheet_updates(both_town: Town) -> None:
    building = both_town.building("12栋")
    bring_in(both_town, ("王芳", "", "幸福里9栋", "402", "35"), CHEN)
    batch_id = keep(
        both_town, ("王芳", "13900139000", "幸福里9栋", "402", "35"),
        ("陈秀英", "13800138001", "12栋", "402", "70", "SZ1"),
    )  # fmt: skip
    check(both_town, batch_id)
    both_town.alias(building, "幸福里9栋")
    start(both_town, batch_id)
    work_off(both_town)
    first, second = rows_of(batch_id)[1:]
    assert (first.outcome, second.outcome) == ("updated", "updated")
    assert second.before == {"phone": ["+8613800138000", "+8613800138001"]}
    assert count(m.Resident) == 2
    with db.engine.connect() as connection:
        homes = connection.execute(select(m.Residence.building_id, m.Residence.room)).all()
    assert [tuple(home) for home in homes] == [(building, "402")] * 2


def test_what_may_be_the_same_person_is_asked_and_left_out_until_then(both_town: Town) -> None:
    building = both_town.building("12栋")
    known = both_town.resident("陈秀英", building_id=building)
    other = ("陈秀英", "", "12栋", "909", "70")
    batch_id = keep(both_town, other, (*other[:3], "808"), (*other[:3], "707"))
    rows = check(both_town, batch_id, default_age_band="18_plus")
    assert [row.fate for row in rows] == ["ask"] * 3
    choose(both_town, batch_id, {rows[0].id: known, rows[1].id: None})
    with pytest.raises(Refused) as caught:
        choose(both_town, batch_id, {rows[2].id: known + 999})
    assert caught.value.refusal.code is Code.CHOICE_MISSING
    start(both_town, batch_id)
    work_off(both_town)
    outcomes = [row.outcome for row in rows_of(batch_id)[1:]]
    assert outcomes == ["updated", "added", "skipped"]


def test_a_killed_import_goes_on_where_it_stopped(both_town: Town) -> None:
    both_town.building("12栋")
    batch_id = keep(both_town, *many(0, 250))
    check(both_town, batch_id)
    start(both_town, batch_id)
    taken = tasks.take_task([service.KIND], "killed", now=FRIDAY)
    assert taken
    service.apply_chunk(taken, FRIDAY, keys=both_town.keys)
    assert count(m.Resident) == service.CHUNK
    assert work_off(both_town, "next", FRIDAY + LEASE + timedelta(seconds=1)) == 1
    assert count(m.Resident) == count(m.Card) == 250


def test_scans_go_on_while_an_import_is_checked_and_written(
    both_town: Town, both_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long a scan waits depends on the machine, so it is only shown (``make bench`` measures
    it with 3,000 rows); what one turn to write costs does not, and is held."""
    building = both_town.building("12栋")
    event, device = both_town.event(both_town.activity()), both_town.device()
    cards = [both_town.card(both_town.resident(building_id=building))[1] for _ in range(60)]
    turns: list[float] = []
    attempt = database._attempt

    def timed(work: Any, scope: Scope) -> Any:
        before = time.thread_time()
        try:
            return attempt(work, scope)
        finally:
            turns.append(time.thread_time() - before)

    monkeypatch.setattr(database, "_attempt", timed)
    stopping, waits = threading.Event(), []

    def scanning() -> None:
        with both_app.app_context():
            for number in cards:
                before = time.perf_counter()
                [verdict] = record(both_town, as_device(device), scan_row(event, number))
                waits.append(time.perf_counter() - before)
                assert verdict.code == "ok_in"
                if stopping.wait(0.01):
                    return

    thread = threading.Thread(target=scanning)
    thread.start()
    batch_id = keep(both_town, *many(0, 300))
    check(both_town, batch_id)
    start(both_town, batch_id)
    work_off(both_town)
    stopping.set()
    thread.join()
    assert sum(row.outcome == "added" for row in rows_of(batch_id)) == 300
    assert len(waits) > 1
    assert max(turns) < 0.2
    log.info("%s scans meanwhile, the longest took %.0f ms", len(waits), max(waits) * 1000)


def test_two_imports_of_the_same_people_at_once(both_town: Town, both_app: Flask) -> None:
    both_town.building("12栋")
    batches = [keep(both_town, *many(0, 150)) for _ in range(2)]
    for batch_id in batches:
        assert {row.fate for row in check(both_town, batch_id)} == {"new"}
        start(both_town, batch_id)
    gate = threading.Barrier(2)

    def run(name: str) -> None:
        with both_app.app_context():
            gate.wait()
            work_off(both_town, name)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(m.Resident) == 150


def test_the_same_file_is_imported_again_only_when_staff_say_so(both_town: Town) -> None:
    first, second = (keep(both_town, CHEN, file="one") for _ in range(2))
    for batch_id in (first, second):
        check(both_town, batch_id)
    start(both_town, first)
    with pytest.raises(Refused) as caught:
        start(both_town, second)
    assert caught.value.refusal.code is Code.SHEET_KNOWN
    scope = Scope.of(both_town.community_id)
    residents_upload.import_again(second, scope=scope)
    start(both_town, second)
    assert work_off(both_town) == 2
    assert count(m.Resident) == 1


def test_a_room_that_was_not_known_is_no_move(both_town: Town) -> None:
    building = both_town.building("12栋")
    both_town.resident("李伟", building_id=building)
    batch_id = keep(both_town, ("李伟", "", "12栋", "101", "35"))
    rows = check(both_town, batch_id)
    choose(both_town, batch_id, {rows[0].id: rows[0].reading["candidates"][0]})
    start(both_town, batch_id)
    work_off(both_town)
    with db.engine.connect() as connection:
        home = connection.execute(select(m.Residence.room, m.Residence.starts_on)).one()
    assert (home.room, home.starts_on) == ("101", SINCE)


def test_a_batch_is_started_once_and_only_by_its_community(both_town: Town) -> None:
    batch_id = keep(both_town, CHEN)
    with pytest.raises(Refused):
        start(both_town, batch_id)
    check(both_town, batch_id)
    other = Scope.of(both_town.community("景华社区"))
    calls = (
        lambda: service.check_import(batch_id, Choices(COLUMNS), now=FRIDAY, scope=other),
        lambda: service.choose_rows(batch_id, {}, now=FRIDAY, scope=other),
        lambda: service.choose_all(batch_id, Fate.NEW, scope=other),
        lambda: residents_upload.choose_header(batch_id, 0, scope=other),
        lambda: residents_upload.import_again(batch_id, scope=other),
        lambda: residents_upload.discard_import(batch_id, by=1, now=FRIDAY, scope=other),
        lambda: service.apply_import(batch_id, by=1, now=FRIDAY, scope=other),
    )
    for call in calls:
        with pytest.raises(Refused) as caught:
            call()
        assert caught.value.refusal.code is Code.NOT_FOUND
    start(both_town, batch_id)
    with pytest.raises(Refused) as caught:
        start(both_town, batch_id)
    assert caught.value.refusal.code is Code.CHANGED_MEANWHILE


def test_what_nobody_imported_for_a_month_is_forgotten(both_town: Town) -> None:
    left, applied, young = (keep(both_town, CHEN) for _ in range(3))
    check(both_town, applied)
    start(both_town, applied)
    late = FRIDAY + residents_upload.FORGET_AFTER
    both_town.write(lambda tx: tx.execute(
        update(m.ImportBatch).where(m.ImportBatch.id == young).values(created_at=late)
    ))  # fmt: skip
    forget = jobs_of(both_town.keys)["forget_unfinished_imports"]
    assert forget.run(late) == {"forgotten": 0}
    assert forget.run(late + timedelta(seconds=1)) == {"forgotten": 1}
    assert [rows_of(one) == [] for one in (left, applied, young)] == [True, False, False]
    with db.engine.connect() as connection:
        actions = select(m.AuditEvent.action).order_by(m.AuditEvent.id.desc()).limit(1)
        assert connection.execute(actions).scalar_one() == "import_forgotten"


def test_a_child_that_was_imported_is_checked_in_once_a_guardian_has_agreed(
    both_town: Town,
) -> None:
    event, device = both_town.event(both_town.activity()), both_town.device()
    assert bring_in(both_town, ("陈小明", "", "", "", "9")) == {"added": 1}
    with db.engine.connect() as connection:
        child = connection.execute(select(m.Resident.id, m.Resident.passbook_number)).one()

    def scanned() -> str:
        row = scan_row(event, child.passbook_number)
        return record(both_town, as_device(device), row)[0].code

    assert scanned() == Code.CONSENT_MISSING
    both_town.consent(child.id)
    assert scanned() == "ok_in"
