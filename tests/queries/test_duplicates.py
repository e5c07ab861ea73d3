"""Who may be written down twice: on both databases, flat, and never across communities."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from tests.statements import statements
from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.duplicates import Described, Reason
from volunteer.queries.duplicates import (
    Correction,
    read_alike,
    read_alike_to,
    read_duplicates,
)
from volunteer.services.merges import tell_apart
from volunteer.store import models as m
from volunteer.store.database import db

TODAY = FRIDAY.date()


def pairs(town: Town) -> list[tuple[set[int], tuple[Reason, ...]]]:
    here = town.community_id
    found = read_duplicates(Scope.of(here), here, 1, today=TODAY)
    assert found.total == len(found.rows)
    return [
        ({pair.first.resident_id, pair.second.resident_id}, pair.reasons) for pair in found.rows
    ]


def note_phone(town: Town, resident_id: int, phone: str) -> None:
    values = {
        "community_id": town.community_id,
        "resident_id": resident_id,
        "phone": phone,
        "noted_at": FRIDAY,
    }
    town.write(lambda tx: tx.run(insert(m.ContactPhone).values(**values)))


def note_number(town: Town, resident_id: int, number: str, system: str = "义工号") -> None:
    values = {
        "community_id": town.community_id,
        "resident_id": resident_id,
        "system": system,
        "number": number,
    }
    town.write(lambda tx: tx.run(insert(m.ExternalNumber).values(**values)))


def test_every_likeness_is_found_and_nobody_else(both_town: Town) -> None:
    town = both_town
    home, other_home = town.building("1栋"), town.building("2栋")
    # The same name in one building; in another building it is a neighbour.
    first = town.resident("陈·秀英", building_id=home)
    second = town.resident("陈秀英", building_id=home)
    town.resident("陈秀英", building_id=other_home)
    town.resident("沉秀英", building_id=home)  # only sounds alike
    # One noted phone, two names.
    mother, aunt = town.resident("王兰", building_id=home), town.resident("王芳", building_id=home)
    note_phone(town, mother, "+8613900000001")
    note_phone(town, aunt, "+8613900000001")
    # A noted phone with which somebody else signs in.
    noted, signs_in = town.resident("李一"), town.resident("李二")
    note_phone(town, noted, "+8613900000002")
    town.login("+8613900000002", acts_for={signs_in: "self"})
    # One login for a family is no likeness.
    parent, child = town.resident("周父"), town.resident("周子", birth_date=TODAY)
    town.login("+8613900000003", acts_for={parent: "self", child: "guardian"})
    # One number elsewhere; the same digits of another system are another number.
    one, again = town.resident("钱七"), town.resident("钱其")
    note_number(town, one, "SZ007")
    note_number(town, again, "SZ007")
    note_number(town, town.resident("孙八"), "SZ007", "公益号")
    # Noise: the gone, the guests and another community.
    town.resident("陈秀英", building_id=home, state="deceased")
    town.resident("陈秀英", building_id=home, state="rejected")
    stranger = town.resident("陈秀英", community_id=town.community("景华社区"))
    town.resident("陈秀英", home_community_id=town.community_id + 1, home_resident_id=stranger)
    assert pairs(town) == [
        ({one, again}, (Reason.NUMBER,)),
        ({first, second}, (Reason.NAME_AND_BUILDING,)),
        ({mother, aunt}, (Reason.PHONE,)),
        ({noted, signs_in}, (Reason.PHONE,)),
    ]
    elsewhere = Scope.of(town.community_id + 1)
    assert read_duplicates(elsewhere, town.community_id, 1, today=TODAY).total == 0


def test_those_told_apart_are_asked_about_no_more(both_town: Town) -> None:
    town = both_town
    home = town.building("1栋")
    one, other = (town.resident(building_id=home) for _ in range(2))
    scope, by = Scope.of(town.community_id), town.login(roles=("organizer",))
    assert len(pairs(town)) == 1
    found = read_alike_to(scope, town.community_id, one, today=TODAY)
    assert found is not None
    assert [alike.side.resident_id for alike in found[1]] == [other]
    for _ in range(2):  # said twice is said once
        pair = [(other, one)]
        tell_apart(town.community_id, pair, by=by, now=FRIDAY, scope=scope)
    db.session.remove()
    assert pairs(town) == []
    found = read_alike_to(scope, town.community_id, one, today=TODAY)
    assert found is not None
    assert found[1] == ()


def test_who_is_added_or_corrected_is_held_against_the_register(both_town: Town) -> None:
    town = both_town
    home = town.building("1栋")
    known, other = town.resident(building_id=home), town.resident("王芳", building_id=home)
    note_number(town, known, "SZ1")
    here, scope = town.community_id, Scope.of(town.community_id)

    def alike(**more: Any) -> list[int]:
        wanted = Described(0, **{"name": "无名", "age_band": "18_plus"} | more)
        return [one.side.resident_id for one in read_alike(scope, here, wanted, today=TODAY)]

    assert alike() == []
    assert alike(name="陈秀英", building_ids=frozenset({home})) == [known]
    assert alike(name="陈秀英", building_ids=frozenset({home + 9})) == []
    assert alike(numbers=frozenset({("义工号", "SZ1")})) == [known]
    renamed = Correction("陈秀英", None, "18_plus")
    found = read_alike_to(scope, here, other, renamed, today=TODAY)
    assert found is not None
    assert [one.side.resident_id for one in found[1]] == [known]
    assert read_alike_to(Scope.nothing(), here, other, renamed, today=TODAY) is None


@pytest.mark.parametrize("people", [60, 3000])
def test_a_list_of_three_thousand_costs_what_one_of_sixty_does(
    both_town: Town, people: int
) -> None:
    """Statements are counted; time is bounded loosely, for a shared machine."""
    town = both_town
    _fill(town, people)
    scope = Scope.of(town.community_id)
    started = _now()
    with statements() as seen:
        found = read_duplicates(scope, town.community_id, 1, today=TODAY)
    assert found.total == people // 20
    assert len(seen) == 8
    assert _now() - started < 3


def _now() -> float:
    import time

    return time.monotonic()


def _fill(town: Town, people: int) -> None:
    """Everybody in one of thirty buildings; every twentieth is written down twice."""
    from volunteer.domain.people import Home, NewPerson
    from volunteer.store.people import record_residents

    homes = [town.building(f"{number}号") for number in range(30)]
    family = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
    given = "安宝成德恩福国海宏华建杰军凯兰磊亮玲龙梅"
    wanted = []
    for number in range(people):
        twin = number - 1 if number % 20 == 19 else number
        name = family[twin % 20] + given[twin // 20 % 20] + given[twin // 400 % 20]
        home = Home(TODAY - timedelta(days=9), building_id=homes[twin % 30], area_id=town.area_id)
        wanted.append(NewPerson(name, age_band="18_plus", home=home, with_card=False))
    for start in range(0, people, 500):
        chunk = wanted[start : start + 500]
        town.write(
            lambda tx, chunk=chunk: record_residents(  # type: ignore[misc]
                tx, town.community_id, chunk, keys=town.keys, by=None, now=FRIDAY
            )
        )
