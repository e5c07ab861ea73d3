"""Residents: taken up, corrected, gone and back. Every refusal, on both databases."""

from datetime import date

import pytest
from sqlalchemy import func, select

from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.people import Home, NewPerson
from volunteer.domain.refusals import Code, Refused
from volunteer.services import people as service
from volunteer.services.people import PersonDetails
from volunteer.store import models as m
from volunteer.store.database import db

TODAY = date(2026, 11, 20)


class Office:
    """The town, somebody who works there, and the services with what they always get."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.by = town.login(roles=("organizer",))
        self.scope = Scope.of(town.community_id)

    def who(self) -> dict[str, object]:
        return {"by": self.by, "now": FRIDAY, "scope": self.scope}

    def add(self, **more: object) -> int:
        person = NewPerson(**({"name": "陈秀英", "age_band": "18_plus"} | more))  # type: ignore[arg-type]
        return service.add_resident(
            self.town.community_id,
            person,
            keys=self.town.keys,
            **self.who(),  # type: ignore[arg-type]
        ).resident_id

    def refused(self, code: Code, **more: object) -> Refused:
        with pytest.raises(Refused) as caught:
            self.add(**more)
        assert caught.value.refusal.code is code
        return caught.value

    def resident(self, resident_id: int) -> m.Resident:
        db.session.remove()
        return db.session.get_one(m.Resident, resident_id)

    def actions(self) -> list[str]:
        db.session.remove()
        return list(db.session.scalars(select(m.AuditEvent.action).order_by(m.AuditEvent.id)))


@pytest.fixture
def office(both_town: Town) -> Office:
    return Office(both_town)


def test_a_resident_is_taken_up_under_the_buildings_own_area(office: Office) -> None:
    building = office.town.building("3栋")
    resident_id = office.add(home=Home(TODAY, building_id=building, room=" 402 "))
    home = db.session.execute(select(m.Residence)).scalar_one()
    assert (home.resident_id, home.area_id, home.building_id, home.room) == (
        resident_id,
        office.town.area_id,
        building,
        "402",
    )
    assert office.actions() == ["resident_added"]


def test_hundreds_are_taken_up_at_once(office: Office) -> None:
    people = [NewPerson(name="黄丽华", age_band="18_plus") for _ in range(300)]
    added = service.add_residents(
        office.town.community_id,
        people,
        keys=office.town.keys,
        **office.who(),  # type: ignore[arg-type]
    )
    assert len({one.passbook_number for one in added}) == 300
    assert office.actions() == ["residents_added"]


def test_what_a_form_may_not_say(office: Office) -> None:
    office.refused(Code.NAME_MISSING, name=" · ")
    office.refused(Code.NAME_TOO_LONG, name="长" * 51)
    office.refused(Code.NAME_CHARACTERS, name="陈<b>")
    office.refused(Code.NAME_CHARACTERS, name_en="Chen;")
    office.refused(Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED, age_band=None)
    office.refused(Code.BIRTH_DATE_IN_FUTURE, birth_date=date(2026, 11, 21))
    office.refused(Code.DATE_INVALID, birth_date=date(1850, 1, 1))
    office.refused(Code.TEXT_TOO_LONG, home=Home(TODAY, room="4" * 41))
    assert db.session.scalar(select(func.count()).select_from(m.Resident)) == 0
    assert office.actions() == []


def test_a_child_born_today_by_the_communitys_calendar_is_taken_up(office: Office) -> None:
    """16:30 in Shanghai: the day there is the 20th, whatever it is where the server stands."""
    office.add(birth_date=TODAY, age_band=None)


def test_places_of_another_community_are_not_found(office: Office) -> None:
    other = office.town.community("景华社区")
    theirs = office.town._add(m.Area, community_id=other, kind="estate", name="怡枫园")
    office.refused(Code.NOT_FOUND, home=Home(TODAY, area_id=theirs))
    office.refused(Code.NOT_FOUND, home=Home(TODAY, building_id=4711))
    office.refused(Code.NOT_FOUND, youth_group_id=4711, member_since=TODAY)


def test_another_communitys_residents_are_not_found(office: Office) -> None:
    other = office.town.community("景华社区")
    stranger = office.town.resident(community_id=other)
    details = PersonDetails("王小明", age_band="18_plus")
    with pytest.raises(Refused) as caught:
        service.edit_resident(stranger, details, **office.who())  # type: ignore[arg-type]
    assert caught.value.refusal.code is Code.NOT_FOUND
    office.scope = Scope.of(other)
    office.refused(Code.NOT_FOUND)


def test_a_correction_changes_what_the_search_finds_and_hides_what_it_was(office: Office) -> None:
    resident_id = office.add()
    details = PersonDetails("单于浩", "Shan Yuhao", birth_date=date(2015, 1, 2), age_band="18_plus")
    service.edit_resident(resident_id, details, **office.who())  # type: ignore[arg-type]
    row = office.resident(resident_id)
    assert (row.name, row.name_en, row.pinyin, row.initials) == (
        "单于浩",
        "Shan Yuhao",
        "chanyuhao",
        "cyh",
    )
    assert (row.birth_date, row.age_band) == (date(2015, 1, 2), None)
    line = db.session.scalars(
        select(m.AuditEvent).where(m.AuditEvent.action == "resident_edited")
    ).one()
    assert line.facts == {"fields": "name, name_en, birth_date, age_band"}
    # Saving the form again without a change writes nothing.
    service.edit_resident(resident_id, details, **office.who())  # type: ignore[arg-type]
    assert office.actions().count("resident_edited") == 1


def test_whoever_leaves_keeps_the_passbook_and_may_come_back(office: Office) -> None:
    building = office.town.building("3栋")
    group = office.town.youth_group("小小巡逻兵")
    resident_id = office.town.resident(building_id=building, youth_group_id=group)
    who = office.who()
    service.change_resident_state(resident_id, "moved_away", date(2026, 11, 1), **who)  # type: ignore[arg-type]
    assert office.resident(resident_id).state == "moved_away"
    assert db.session.scalar(select(m.Residence.ends_on)) == date(2026, 11, 1)
    assert db.session.scalar(select(m.Membership.ends_on)) == date(2026, 11, 1)
    service.change_resident_state(resident_id, "active", TODAY, **who)  # type: ignore[arg-type]
    assert office.resident(resident_id).state == "active"
    assert db.session.scalar(select(m.Residence.ends_on)) == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("state", "day", "code"),
    [
        ("active", TODAY, Code.CHANGED_MEANWHILE),
        ("merged", TODAY, Code.CHANGED_MEANWHILE),
        ("moved_away", date(2026, 11, 21), Code.DATE_INVALID),
    ],
)
def test_a_state_that_cannot_follow(office: Office, state: str, day: date, code: Code) -> None:
    resident_id = office.add()
    with pytest.raises(Refused) as caught:
        service.change_resident_state(resident_id, state, day, **office.who())  # type: ignore[arg-type]
    assert caught.value.refusal.code is code
    assert office.resident(resident_id).state == "active"


def test_numbers_of_other_systems(office: Office) -> None:
    one, two = office.add(external_numbers=(("义工号", "SZ1"),)), office.add()
    who = office.who()

    def refused(system: str, number: str) -> Code:
        with pytest.raises(Refused) as caught:
            service.set_external_number(two, system, number, **who)  # type: ignore[arg-type]
        return caught.value.refusal.code

    assert refused("义工号", "SZ1") is Code.NUMBER_TAKEN
    assert refused(" ", "SZ2") is Code.CHOICE_MISSING
    assert refused("义工号", "9" * 41) is Code.TEXT_TOO_LONG
    service.set_external_number(one, "义工号", "", **who)  # type: ignore[arg-type]
    service.set_external_number(two, "义工号", "SZ1", **who)  # type: ignore[arg-type]
    service.set_external_number(two, "义工号", "SZ3", **who)  # type: ignore[arg-type]
    rows = db.session.execute(select(m.ExternalNumber.resident_id, m.ExternalNumber.number)).all()
    assert [(row.resident_id, row.number) for row in rows] == [(two, "SZ3")]


def test_a_look_at_a_minor_leaves_one_line_in_ten_minutes(office: Office) -> None:
    from datetime import timedelta

    child = office.add(birth_date=date(2016, 1, 1))
    for minutes in (0, 5, 11):
        service.record_minor_opened(
            child, by=office.by, now=FRIDAY + timedelta(minutes=minutes), scope=office.scope
        )
    assert office.actions().count("minor_opened") == 2
