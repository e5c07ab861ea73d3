"""The register finds people by whatever one knows of them, and nobody else's people."""

from dataclasses import dataclass
from datetime import date

import pytest

from tests.statements import statements
from tests.town import FRIDAY, SINCE, Town
from volunteer.domain.access import Scope
from volunteer.domain.people_search import parse_people_search
from volunteer.queries.people import PeopleFilter, find_person, read_people
from volunteer.queries.person import read_person, read_person_key, read_working_card
from volunteer.store import models as m
from volunteer.store.database import db

TODAY = date(2026, 11, 20)


@dataclass
class Register:
    town: Town
    chen: int
    number: str
    card: str
    code: str
    ref: str

    def search(self, q: str, **more: object) -> list[str]:
        wanted = PeopleFilter(search=parse_people_search(q), **more)  # type: ignore[arg-type]
        scope = Scope.of(self.town.community_id)
        found = read_people(scope, self.town.community_id, wanted, 1, today=TODAY)
        return [row.name for row in found.rows]


@pytest.fixture
def register(both_town: Town) -> Register:
    town = both_town
    third = town.building("3栋")
    town._add(m.BuildingAlias, community_id=town.community_id, building_id=third, alias="三座")
    other_building = town.building("13栋")
    chen = town.resident("陈秀英", name_en="Chen Xiuying")
    home = {"community_id": town.community_id, "resident_id": chen, "starts_on": SINCE}
    town._add(m.Residence, **home, building_id=third, area_id=town.area_id, room="402")
    _, card, code = town.card(chen)
    town.login("+8613800138004", acts_for={chen: "self"})
    town._add(
        m.ExternalNumber,
        community_id=town.community_id,
        resident_id=chen,
        system="义工号",
        number="SZ10086",
    )
    # Noise: others here, and the same woman's name next door.
    town.resident("单于浩", building_id=other_building, birth_date=date(2014, 1, 1))
    town.resident("王小明", birth_date=date(2010, 1, 1))
    town.resident("搬走的陈", state="moved_away")
    other = town.community("景华社区")
    town.resident("陈秀英", community_id=other)
    row = town.write(lambda tx: tx.get_one(m.Resident, chen))
    return Register(town, chen, row.passbook_number, card, code, row.ref)


@pytest.mark.parametrize(
    "q",
    [
        "秀英", "chenxiu", "Chen X", "cxy", "xiuying", "8004", "13800138004", "+86 138 0013 8004",
        "3-402", "3栋402室", "三座402", "梅富村3栋 402", "402", "SZ10086",
    ],
)  # fmt: skip
def test_one_person_is_found_by_all_that_is_known(register: Register, q: str) -> None:
    assert register.search(q) == ["陈秀英"]


def test_numbers_and_codes_name_one_person(register: Register) -> None:
    scope, community = Scope.of(register.town.community_id), register.town.community_id
    for q in (register.number, register.card, register.code):
        search = parse_people_search(q)
        assert register.search(q) == ["陈秀英"]
        assert find_person(scope, community, search) == register.ref
        assert find_person(Scope.nothing(), community, search) is None
    assert find_person(scope, community, parse_people_search("8004")) is None


@pytest.mark.parametrize("q", ["3-403", "9999", "xyz", "%", "_", "李", "4栋"])
def test_what_fits_nobody_finds_nobody(register: Register, q: str) -> None:
    assert register.search(q) == []


def test_whoever_left_is_found_by_name_but_not_listed(register: Register) -> None:
    assert "搬走的陈" not in register.search("")
    assert register.search("搬走") == ["搬走的陈"]
    assert register.search("", state="moved_away") == ["搬走的陈"]
    assert len(register.search("", state="all")) == 4


def test_what_to_show(register: Register) -> None:
    town = register.town
    assert register.search("", show="minors") == ["单于浩", "王小明"]
    assert register.search("", show="consent_missing") == ["单于浩"]
    assert register.search("", show="no_phone") == ["单于浩", "王小明"]
    assert register.search("", show="no_card") == ["单于浩", "王小明"]
    with_13 = town.write(lambda tx: tx.query(m.Building).filter_by(name="13栋").one().id)
    assert register.search("", building_id=with_13) == ["单于浩"]
    child = town.write(lambda tx: tx.query(m.Resident).filter_by(name="单于浩").one().id)
    town.consent(child)
    assert register.search("", show="consent_missing") == []
    town.consent(child, given=False)
    assert register.search("", show="consent_missing") == ["单于浩"]


def test_whose_fourteenth_birthday_is_today_needs_no_guardian(both_town: Town) -> None:
    scope = Scope.of(both_town.community_id)
    both_town.resident("今天十四", birth_date=date(2012, 11, 20))
    both_town.resident("明天十四", birth_date=date(2012, 11, 21))
    both_town.resident("写着不满", age_band="under_14")
    wanted = PeopleFilter(show="consent_missing")
    found = read_people(scope, both_town.community_id, wanted, 1, today=TODAY)
    assert sorted(row.name for row in found.rows) == ["写着不满", "明天十四"]
    assert all(row.consent_missing for row in found.rows)


def test_another_communitys_register_is_empty(register: Register) -> None:
    other = Scope.of(register.town.community_id + 1)
    found = read_people(other, register.town.community_id, PeopleFilter(), 1, today=TODAY)
    assert (found.rows, found.total) == ((), 0)


def test_a_page_takes_four_statements_whatever_is_asked(register: Register) -> None:
    with statements() as seen:
        assert register.search("3-402", show="no_phone") == []
    assert len(seen) <= 4
    for _ in range(30):
        register.town.resident("何静")
    with statements() as more:
        assert len(register.search("")) == 25
    assert len(more) == 4


def test_pages_count_from_one_and_end(register: Register) -> None:
    for _ in range(30):
        register.town.resident("何静")
    community = register.town.community_id
    scope = Scope.of(community)
    last = read_people(scope, community, PeopleFilter(), 99, today=TODAY)
    assert (last.page, last.pages, last.total, len(last.rows)) == (2, 2, 33, 8)


# ---- One person ---------------------------------------------------------------------------


def test_a_persons_page_has_it_all_in_few_statements(register: Register) -> None:
    town = register.town
    group = town.youth_group("小小巡逻兵")
    membership = {"community_id": town.community_id, "resident_id": register.chen}
    town._add(m.Membership, **membership, youth_group_id=group, starts_on=SINCE)
    town.consent(register.chen, "named_board")
    scope = Scope.of(town.community_id)
    db.session.remove()
    with statements() as seen:
        person = read_person(scope, register.ref, FRIDAY, TODAY)
    assert len(seen) <= 9
    assert person
    assert person.key.name == "陈秀英"
    assert person.working_card
    assert person.working_card.number == register.card
    assert [one.place.room for one in person.residences] == ["402"]
    assert [one.name for one in person.memberships] == ["小小巡逻兵"]
    assert [one.phone for one in person.links] == ["+8613800138004"]
    assert person.external_numbers == (("义工号", "SZ10086"),)
    assert [what.value for what in person.standing] == ["named_board"]
    assert not person.is_minor


def test_a_person_out_of_scope_is_nobody(register: Register) -> None:
    elsewhere = Scope.of(register.town.community_id + 1)
    assert read_person(elsewhere, register.ref, FRIDAY, TODAY) is None
    assert read_person_key(elsewhere, register.ref) is None
    key = read_person_key(Scope.everything(), register.ref)
    assert key
    assert read_working_card(elsewhere, key) is None


def test_of_each_consent_the_newest_answer_stands(both_town: Town) -> None:
    child = both_town.resident("王小明", birth_date=date(2016, 1, 1))
    ref = both_town.write(lambda tx: tx.get_one(m.Resident, child).ref)
    missing = []
    for given in (None, True, False):
        if given is not None:
            both_town.consent(child, given=given)
        db.session.remove()
        person = read_person(Scope.everything(), ref, FRIDAY, TODAY)
        assert person
        missing.append(person.consent_missing)
    assert missing == [True, False, True]
