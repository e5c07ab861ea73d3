"""Households by agreement: each for themself, a guardian for a child, staff from paper."""

from __future__ import annotations

from datetime import date
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from tests.town import FRIDAY, Town
from volunteer.domain.access import ActsFor, Principal, Relation, Scope
from volunteer.domain.households import MOST_MEMBERS
from volunteer.domain.refusals import Code, Refused
from volunteer.queries.households import OwnHouseholds, read_own_households
from volunteer.services import households as service
from volunteer.services.households import OnPaper
from volunteer.store import models as m
from volunteer.store.database import db

TODAY = FRIDAY.date()


class House:
    def __init__(self, town: Town) -> None:
        self.town = town
        self.mother, self.father = town.resident("王芳"), town.resident("李大力")
        self.child = town.resident("李小明", birth_date=date(2015, 1, 1))
        self.her = self.principal("王芳", {self.mother: "self", self.child: "guardian"})
        self.his = self.principal("李大力", {self.father: "self", self.child: "guardian"})
        self.staff = town.login(roles=("organizer",))

    def principal(self, name: str, acts_for: dict[int, str]) -> Principal:
        login_id = self.town.login(name=name, acts_for=acts_for)
        mine = tuple(
            ActsFor(one, f"r{one}", self.town.community_id, name, Relation(word))
            for one, word in acts_for.items()
        )
        return Principal(login_id, 1, name, acts_for=mine)

    def number(self, resident_id: int) -> str:
        found = select(m.Resident.passbook_number).where(m.Resident.id == resident_id)
        return self.town.write(lambda tx: str(tx.execute(found).scalar_one()))

    def found(self) -> int:
        return service.found(self.mother, "王芳家", principal=self.her, now=FRIDAY)

    def ask(self, resident_id: int) -> None:
        number = self.number(resident_id)
        service.ask(self.mother, number, principal=self.her, now=FRIDAY)

    def seen(self, by: Principal) -> OwnHouseholds:
        db.session.remove()
        return read_own_households(by, TODAY)

    def names(self, by: Principal) -> list[list[str]]:
        return [[one.name for one in house.members] for house in self.seen(by).households]

    def paper(self, resident_id: int, **more: str) -> int:
        scope = Scope.of(self.town.community_id)
        new = OnPaper(resident_id, **more)
        return service.record_on_paper(new, by=self.staff, now=FRIDAY, scope=scope)


@pytest.fixture
def house(both_town: Town) -> House:
    return House(both_town)


def code_of(deed) -> Code:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused) as caught:
        deed()
    return caught.value.refusal.code


def test_each_agrees_for_themself_and_a_guardian_for_the_child(house: House) -> None:
    house.found()
    house.ask(house.father)
    seen = house.seen(house.her)
    assert [one.name for one in seen.households[0].members] == ["王芳"]
    assert seen.households[0].asked == 1, "who was asked is counted, not named"
    (question,) = house.seen(house.his).questions
    assert (question.household, question.asked_by) == ("王芳家", "王芳")
    service.answer(question.member_id, True, principal=house.his, now=FRIDAY)
    service.bring(house.mother, house.child, principal=house.her, now=FRIDAY)
    assert house.names(house.his) == house.names(house.her) == [["王芳", "李大力", "李小明"]]
    how = [one.how for one in house.seen(house.her).households[0].members]
    assert how == ["self", "self", "guardian"]
    assert house.seen(house.his).questions == ()
    child = next(one for one in house.seen(house.his).households[0].members if one.name == "李小明")
    service.leave(child.member_id, principal=house.his, now=FRIDAY)
    assert house.names(house.her) == [["王芳", "李大力"]], "either parent speaks for the child"
    actions = db.session.scalars(
        select(m.AuditEvent.action).where(m.AuditEvent.action.like("household%"))
    ).all()
    assert actions == [
        "household_agreed", "household_asked", "household_agreed", "household_agreed",
        "household_left",
    ]  # fmt: skip


def test_no_is_no(house: House) -> None:
    house.found()
    house.ask(house.father)
    (question,) = house.seen(house.his).questions
    service.answer(question.member_id, False, principal=house.his, now=FRIDAY)
    house.ask(house.father)
    assert house.seen(house.his).questions == (), "nobody is asked twice into the same one"
    again = lambda: service.answer(question.member_id, True, principal=house.his, now=FRIDAY)  # noqa: E731
    assert code_of(again) is Code.CHANGED_MEANWHILE


def test_nobody_speaks_for_another(house: House) -> None:
    town = house.town
    house.found()
    house.ask(house.father)
    (question,) = house.seen(house.his).questions
    now = FRIDAY
    helper = house.principal("邻居", {house.father: "helper"})
    for by, code in ((house.her, Code.NOT_FOUND), (helper, Code.PERMISSION_MISSING)):
        answer = lambda by=by: service.answer(question.member_id, True, principal=by, now=now)  # noqa: E731
        assert code_of(answer) is code
    child = house.principal("李小明", {house.child: "self"})
    found = lambda: service.found(house.child, "我家", principal=child, now=now)  # noqa: E731
    assert code_of(found) is Code.PERMISSION_MISSING
    stranger = town.resident("陌生人")
    bring = lambda: service.bring(house.mother, stranger, principal=house.her, now=now)  # noqa: E731
    assert code_of(bring) is Code.NOT_FOUND
    nameless = lambda: service.found(house.mother, " ", principal=house.her, now=now)  # noqa: E731
    assert code_of(nameless) is Code.NAME_MISSING
    assert code_of(house.found) is Code.HOUSEHOLD_TAKEN
    ask = lambda: service.ask(house.father, "12345678", principal=house.his, now=now)  # noqa: E731
    assert code_of(ask) is Code.NUMBER_INVALID
    number = house.number(stranger)
    ask = lambda: service.ask(house.father, number, principal=house.his, now=now)  # noqa: E731
    assert code_of(ask) is Code.HOUSEHOLD_MISSING


def test_a_number_tells_nothing(house: House) -> None:
    """Of nobody, of another community, of who belongs elsewhere: the answer is the same."""
    house.found()
    other = house.town.community("景华社区")
    foreign = house.town.resident("外社区", community_id=other)
    for resident_id in (foreign, house.mother):
        house.ask(resident_id)
    db.session.remove()
    states = db.session.scalars(select(m.HouseholdMember.state)).all()
    assert states == ["agreed"]


def test_staff_write_down_what_was_signed(house: House) -> None:
    elder = house.town.resident("陈秀英")
    assert code_of(lambda: house.paper(elder)) is Code.NAME_MISSING
    number = house.number(house.mother)
    assert code_of(lambda: house.paper(elder, with_number=number)) is Code.HOUSEHOLD_MISSING
    household = house.paper(house.mother, name="王家")
    house.ask(elder)
    assert house.paper(elder, with_number=number) == household
    assert house.names(house.her) == [["王芳", "陈秀英"]]
    assert house.seen(house.her).households[0].asked == 0, "the question is answered by the paper"
    assert code_of(lambda: house.paper(elder, name="别家")) is Code.HOUSEHOLD_TAKEN
    member = house.seen(house.her).households[0].members[1]
    scope = Scope.of(house.town.community_id)
    ended = lambda where: service.end_membership(  # noqa: E731
        member.member_id, by=house.staff, now=FRIDAY, scope=where
    )
    assert code_of(lambda: ended(Scope.nothing())) is Code.NOT_FOUND
    ended(scope)
    assert code_of(lambda: ended(scope)) is Code.CHANGED_MEANWHILE
    assert house.names(house.her) == [["王芳"]]


def test_a_household_is_no_club(house: House) -> None:
    house.found()
    for _ in range(MOST_MEMBERS - 1):
        house.ask(house.town.resident("邻居"))
    assert code_of(lambda: house.ask(house.father)) is Code.HOUSEHOLD_FULL


def test_two_households_at_once_get_one_of_them(house: House) -> None:
    """Two yeses at the same moment, of both parents for one child."""
    house.found()
    service.found(house.father, "李家", principal=house.his, now=FRIDAY)
    app, barrier, answers = house.town.app, Barrier(2), []

    def bring(own: int, by: Principal) -> None:
        with app.app_context():
            barrier.wait()
            try:
                service.bring(own, house.child, principal=by, now=FRIDAY)
                answers.append("in")
            except Refused as refused:
                answers.append(refused.refusal.code)
            finally:
                db.session.remove()

    threads = [
        Thread(target=bring, args=(house.mother, house.her)),
        Thread(target=bring, args=(house.father, house.his)),
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(map(str, answers)) == ["household_taken", "in"]
