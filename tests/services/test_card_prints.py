"""Printing many cards: every code works, none is recorded twice, and the pages go after a day."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.documents.rendered import codes_in, pages_of, words_of
from tests.town import FRIDAY, Town
from volunteer.domain.access import Relation, Scope
from volunteer.domain.activation import format_activation_code, strip_code
from volunteer.domain.card_prints import MOST_CARDS, Hand, Layout, PrintWish
from volunteer.domain.passbook_number import issue_of
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.tasks import TakenTask
from volunteer.domain.tokens import card_code
from volunteer.jobs.card_prints import CardPrinter
from volunteer.jobs.registry import jobs_of, tasks_of
from volunteer.jobs.tasks import TaskWorker
from volunteer.queries.tasks import read_task
from volunteer.services import card_prints as service
from volunteer.services.activation import Binding, bind
from volunteer.services.card_prints import AskedPrint
from volunteer.store import card_prints as store
from volunteer.store import models as m
from volunteer.store.database import db

CARDS = PrintWish(Layout.ONE_SIDE, strips=False)
STRIPS = PrintWish(Layout.ONE_SIDE, strips=True)


class Office:
    """Somebody who prints, and a runner that does it."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.by = town.login()
        self.data_dir: Path = town.app.extensions["config"].data_dir

    def people(self, count: int, *, cards: bool = True) -> list[int]:
        found = [self.town.resident(f"居民{number}") for number in range(count)]
        if cards:
            for one in found:
                self.town.card(one)
        return found

    def ask(self, people: list[int], wish: PrintWish = CARDS, **more: Any) -> int:
        asked = AskedPrint(tuple(people), wish, str(more.pop("form_id", os.urandom(4).hex())))
        who = {"by": self.by, "now": FRIDAY, "scope": Scope.of(self.town.community_id)} | more
        return service.ask_for_print(self.town.community_id, asked, **who)

    def work_off(self, now: datetime = FRIDAY) -> None:
        TaskWorker(tasks_of(self.town.keys), "one", lambda: now, lambda: True).work_off()

    def result(self, task_id: int) -> Mapping[str, Any]:
        db.session.remove()
        found = read_task(Scope.everything(), task_id)
        assert found
        assert found.state == "done", found
        return found.result

    def pages(self, task_id: int, **more: Any) -> bytes:
        who = {"by": self.by, "now": FRIDAY, "scope": Scope.of(self.town.community_id)} | more
        return service.open_pages(task_id, data_dir=self.data_dir, **who)

    def printed(self, people: list[int], wish: PrintWish = CARDS) -> bytes:
        task_id = self.ask(people, wish)
        self.work_off()
        assert self.result(task_id)["cards"] == len(people)
        return self.pages(task_id)

    def cards(self, resident_id: int) -> list[tuple[str, str]]:
        db.session.remove()
        found = select(m.Card).where(m.Card.resident_id == resident_id).order_by(m.Card.id)
        return [(card.number, card.state) for card in db.session.scalars(found)]

    def strips(self, resident_id: int) -> list[tuple[int, bool]]:
        """Number and whether it still works, of each strip."""
        db.session.remove()
        codes = select(m.ActivationCode).where(m.ActivationCode.resident_id == resident_id)
        found = db.session.scalars(codes.order_by(m.ActivationCode.id))
        return [(code.printing, code.expires_at > FRIDAY) for code in found]

    def address(self, number: str) -> str:
        return f"https://love.example.cn/c/{card_code(self.town.keys.card_code, number)}"

    def actions(self) -> list[str]:
        db.session.remove()
        return list(db.session.scalars(select(m.AuditEvent.action).order_by(m.AuditEvent.id)))


@pytest.fixture
def office(both_town: Town) -> Office:
    return Office(both_town)


def refused(call: Any, *arguments: Any, **more: Any) -> Code:
    with pytest.raises(Refused) as caught:
        call(*arguments, **more)
    return caught.value.refusal.code


def test_ten_cards_and_every_code_of_them_is_read(office: Office) -> None:
    people = office.people(10)
    (page,) = pages_of(office.printed(people, replace(STRIPS, layout=Layout.ONE_SIDE)))
    numbers = [office.cards(one)[0][0] for one in people]
    assert sorted(codes_in(page)) == sorted(map(office.address, numbers))


def test_a_printed_strip_binds_a_phone_and_the_one_before_does_not(office: Office) -> None:
    (chen,) = office.people(1, cards=False)
    words = [words_of(office.printed([chen], STRIPS)) for _ in range(2)]
    number = office.cards(chen)[0][0]
    codes = [strip_code(office.town.keys.activation_code, number, printing) for printing in (0, 1)]
    # Ten to a page sets the groups of a code below each other.
    for said, code in zip(words, codes, strict=True):
        assert all(group in said for group in format_activation_code(code).split())
    assert office.strips(chen) == [(0, False), (1, True)]

    def binding(code: str) -> Binding:
        return Binding(number[:8], code, Relation.SELF, "470163", "13800138000")

    old, new = map(binding, codes)
    who = {"keys": office.town.keys, "now": FRIDAY + timedelta(hours=1)}
    assert refused(bind, old, "", **who) is Code.ACTIVATION_CODE_EXPIRED
    assert bind(new, "", **who)


def test_cards_are_made_replaced_and_printed_again(office: Office) -> None:
    town = office.town
    chen, gone = town.resident("陈秀英"), town.resident("走了", state="moved_away")
    _, first, _ = town.card(chen)
    assert office.address(first) in codes_in(pages_of(office.printed([chen]))[0])
    assert office.cards(chen) == [(first, "active")], "the same card"
    task_id = office.ask([chen, gone], replace(CARDS, replaces=True))
    office.work_off()
    assert (office.result(task_id)["cards"], office.result(task_id)["left_out"]) == (1, 1)
    (_, old_state), (second, state) = office.cards(chen)
    assert (old_state, state, issue_of(second)) == ("replaced", "active", 2)
    assert codes_in(pages_of(office.pages(task_id))[0]) == [office.address(second)]
    assert office.cards(gone) == []
    assert "card_replaced" in office.actions()
    assert "strip_printed" not in office.actions()


def test_who_has_had_ninety_nine_cards_keeps_the_last(office: Office) -> None:
    (chen,) = office.people(1, cards=False)
    office.town.card(chen, issue=99)
    task_id = office.ask([chen], replace(CARDS, replaces=True))
    office.work_off()
    # The one that works is on the page; nothing of it changed.
    assert [state for _, state in office.cards(chen)] == ["active"]
    assert office.result(task_id)["left_out"] == 0


def test_the_same_form_prints_once(office: Office) -> None:
    people = office.people(2)
    wish = replace(CARDS, replaces=True)
    task_id = office.ask(people, wish, form_id="one")
    assert office.ask(people, wish, form_id="one") == task_id
    office.work_off()
    assert office.ask(people, wish, form_id="one") == task_id
    assert office.ask(people, wish, form_id="another") != task_id


def test_who_may_not_be_printed(office: Office) -> None:
    (chen,) = office.people(1)
    other = office.town.community("景华社区")
    stranger = office.town.resident("外人", community_id=other)
    assert refused(office.ask, []) is Code.NOBODY_TICKED
    assert refused(office.ask, [chen] * (MOST_CARDS + 1)) is Code.TOO_MANY_CARDS
    assert refused(office.ask, [chen, stranger]) is Code.NOT_FOUND
    assert refused(office.ask, [chen], scope=Scope.of(other)) is Code.NOT_FOUND
    assert office.actions() == []


def test_a_runner_that_dies_costs_a_drawing_and_no_code(office: Office) -> None:
    people = office.people(service.CHUNK + 3)
    task_id = office.ask(people, STRIPS)
    first, second = CardPrinter(office.town.keys), CardPrinter(office.town.keys)
    task = _taken(office, task_id, people)
    progress = first(task, FRIDAY)
    assert progress.done_steps == service.CHUNK
    # Somebody else goes on where the last commit ended, with nothing drawn.
    office.town.write(lambda tx: tx.run(m.Task.__table__.update().values(taken_by="second")))  # type: ignore[attr-defined]
    task = replace(task, runner="second", done_steps=progress.done_steps)
    while progress.result is None:
        progress = second(task, FRIDAY)
        task = replace(task, done_steps=progress.done_steps)
    assert progress.result["cards"] == len(people)
    words = words_of(office.pages(task_id))
    key = office.town.keys.activation_code
    for one in people:
        assert office.strips(one) == [(0, True)]
        code = strip_code(key, office.cards(one)[0][0], 0)
        assert all(group in words for group in format_activation_code(code).split())


def _taken(office: Office, task_id: int, people: list[int]) -> TakenTask:
    table = m.Task.__table__
    running = {"state": "running", "taken_by": "first", "beat_at": FRIDAY}
    office.town.write(lambda tx: tx.run(table.update().values(**running)))  # type: ignore[attr-defined]
    found = read_task(Scope.everything(), task_id)
    assert found
    db.session.remove()
    of = (task_id, office.town.community_id, "card_print", found.arguments)
    return TakenTask(*of, 0, len(people), "first", office.by)


def test_the_pages_are_for_who_asked_for_a_day(office: Office) -> None:
    task_id = office.ask(office.people(1), STRIPS)
    assert refused(office.pages, task_id) is Code.PRINT_GONE
    office.work_off()
    assert office.pages(task_id).startswith(b"%PDF")
    colleague = office.town.login()
    assert refused(office.pages, task_id, by=colleague) is Code.PRINT_NOT_YOURS
    elsewhere = Scope.of(office.town.community("景华社区"))
    assert refused(office.pages, task_id, scope=elsewhere) is Code.NOT_FOUND
    assert refused(office.pages, office.town.task()) is Code.NOT_FOUND
    assert office.pages(task_id, now=FRIDAY + timedelta(hours=23, minutes=59))
    assert refused(office.pages, task_id, now=FRIDAY + timedelta(days=1)) is Code.PRINT_GONE
    assert office.actions().count("cards_print_opened") == 2
    who = {"by": colleague, "now": FRIDAY, "scope": Scope.of(office.town.community_id)}
    service.delete_pages(task_id, data_dir=office.data_dir, **who)  # type: ignore[arg-type]
    assert refused(office.pages, task_id) is Code.PRINT_GONE
    assert list((office.data_dir / "prints").rglob("*.pdf")) == []
    assert "cards_print_deleted" in office.actions()


def test_the_file_is_nobody_elses_and_is_deleted_by_the_job(office: Office) -> None:
    office.ask(office.people(1), STRIPS)
    office.work_off()
    (file,) = (office.data_dir / "prints").rglob("*.pdf")
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0
    left = file.with_suffix(".part")
    left.write_bytes(b"a runner died here")
    job = jobs_of(office.town.keys)["forget_old_prints"]
    written = datetime.fromtimestamp(file.stat().st_mtime, FRIDAY.tzinfo)
    assert job.run(written + timedelta(hours=23)) == {"deleted": 0}
    assert job.run(written + timedelta(hours=25)) == {"deleted": 2}
    assert not file.exists()


def test_one_card_at_once(office: Office) -> None:
    town = office.town
    (chen,) = office.people(1)
    hand = Hand(town.keys, office.by, FRIDAY)
    here = Scope.of(town.community_id)
    service.print_at_once(town.community_id, chen, strips=True, hand=hand, scope=here)
    service.print_at_once(town.community_id, chen, strips=True, hand=hand, scope=here)
    assert office.strips(chen) == [(0, False), (1, True)]
    gone = town.resident(state="deceased")
    call = service.print_at_once
    assert (
        refused(call, town.community_id, gone, strips=False, hand=hand, scope=here)
        is Code.RESIDENT_INACTIVE
    )


def test_the_number_of_statements_does_not_grow(office: Office) -> None:
    from tests.statements import statements

    counted = []
    for people in (office.people(1), office.people(40)):
        task_id = office.ask(people, STRIPS)
        printer = CardPrinter(office.town.keys)
        task = _taken(office, task_id, people)
        with statements() as seen:
            printer(task, FRIDAY)
        counted.append(len(seen))
        office.town.write(lambda tx: tx.run(m.Task.__table__.update().values(state="done")))  # type: ignore[attr-defined]
    assert counted[0] == counted[1]


@pytest.mark.parametrize("has_card", [True, False])
def test_of_strips_printed_at_once_one_lives(
    office: Office, monkeypatch: pytest.MonkeyPatch, has_card: bool
) -> None:
    """Both have looked for a card and ended the strips they saw before either writes, unless one
    waits for the other at the resident's row."""
    town = office.town
    (chen,) = office.people(1, cards=has_card)
    both_at_it = threading.Barrier(2)
    end_strips = store._end_strips

    def end_when_both_are_there(*arguments: Any) -> None:
        end_strips(*arguments)
        with contextlib.suppress(threading.BrokenBarrierError):
            both_at_it.wait(timeout=0.5)

    monkeypatch.setattr(store, "_end_strips", end_when_both_are_there)

    def print_one() -> None:
        with town.app.app_context():
            hand, here = Hand(town.keys, office.by, FRIDAY), Scope.of(town.community_id)
            service.print_at_once(town.community_id, chen, strips=True, hand=hand, scope=here)

    with ThreadPoolExecutor(2) as pool:
        for answer in [pool.submit(print_one) for _ in range(2)]:
            answer.result()
    assert [lives for _, lives in office.strips(chen)].count(True) == 1
    assert [state for _, state in office.cards(chen)] == ["active"]


def test_a_form_sent_twice_at_once_asks_for_one_print(
    both_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, office = both_town, Office(both_town)
    people = office.people(1)
    both_have_looked = threading.Barrier(2)
    looked = service._require_residents

    def wait_for_the_other(*arguments: Any) -> None:
        looked(*arguments)
        with contextlib.suppress(threading.BrokenBarrierError):
            both_have_looked.wait(timeout=0.5)

    monkeypatch.setattr(service, "_require_residents", wait_for_the_other)

    def ask_once() -> int:
        with town.app.app_context():
            return office.ask(people, form_id="one form")

    with ThreadPoolExecutor(2) as pool:
        asked = [answer.result() for answer in [pool.submit(ask_once) for _ in range(2)]]
    assert asked[0] == asked[1]
