"""Who lives where in the demo: a dozen buildings of 30 to 50 people and twenty small ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from volunteer.cli.demo.names import ADULTS, CHILDREN, ELDERS, SPECIAL, Namer

YOUNG_HOSTS = "梅富小主人先锋队"
LITTLE_PATROL = "我是小小巡逻兵"


@dataclass(frozen=True)
class BuildingPlan:
    area: str
    name: str
    name_en: str
    grid: str
    residents: int
    estimated_residents: int | None = None
    alias: str | None = None


@dataclass(frozen=True)
class PersonPlan:
    """One made-up resident. ``eagerness``: how readily they turn up; ``consent_by``: the guardian
    who signed for a child."""

    name: str
    building: str
    room: str
    name_en: str | None = None
    birth_date: date | None = None
    age_band: str | None = None
    consent_by: str | None = None
    youth_group: str | None = None
    eagerness: float = 1.0
    phone: str | None = None

    def is_adult(self, day: date) -> bool:
        return self.birth_date is None or (day - self.birth_date).days >= 18 * 366


@dataclass(frozen=True)
class Family:
    """People the demo logins need, with a place kept for them."""

    building: str
    room: str
    people: tuple[PersonPlan, ...]


def meifu_buildings(random: Random) -> list[BuildingPlan]:
    """Twelve large buildings in two parts of the village, twenty small ones in its lanes."""
    plans = []
    for number in range(1, 13):
        area = "梅富村东片" if number <= 6 else "梅富村西片"
        residents = random.randint(30, 50)
        plans.append(
            BuildingPlan(
                area=area,
                name=f"{number}栋",
                name_en=f"Building {number}",
                grid=f"梅富第{(number + 1) // 2}网格",
                residents=residents,
                estimated_residents=residents * 2 + random.randint(-6, 20),
                alias=f"梅富村{number}号楼",
            )
        )
    # An urban village has no neat addresses: odd numbers, and a lane that calls itself 甲.
    lanes = [("一巷", "Lane 1"), ("二巷", "Lane 2"), ("三巷", "Lane 3"), ("甲巷", "Lane A")]
    for number in range(20):
        lane, lane_en = lanes[number % 4]
        house = 3 + 2 * (number // 4) + number % 2
        plans.append(
            BuildingPlan(
                area="梅富村街巷",
                name=f"{lane}{house}号",
                name_en=f"{lane_en} No. {house}",
                grid="梅富第7网格",
                residents=random.randint(2, 7),
            )
        )
    return plans


def people_of(
    buildings: list[BuildingPlan], families: tuple[Family, ...], begins_on: date, random: Random
) -> list[PersonPlan]:
    """Everybody, building by building; families that have a place come first in theirs."""
    placed = [person for family in families for person in family.people]
    namer = Namer(random, {person.name for person in placed} | set(SPECIAL))
    special = list(SPECIAL)
    everybody: list[PersonPlan] = []
    for building in buildings:
        here = [
            person
            for family in families
            if family.building == building.name
            for person in family.people
        ]
        while len(here) < building.residents:
            room = f"{random.randint(2, 8)}{random.randint(1, 6):02d}"
            if special and building.residents >= 30 and random.random() < 0.15:
                here.append(_adult(special.pop(0), building.name, room, random))
            else:
                here += _household(namer, building.name, room, begins_on, random)
        everybody += here[: max(building.residents, 1)]
    return _in_youth_groups(everybody, begins_on, random)


def _household(
    namer: Namer, building: str, room: str, begins_on: date, random: Random
) -> list[PersonPlan]:
    """One to four people behind a door: adults, sometimes an elder, sometimes a child."""
    surname_of = namer.name(ADULTS)
    people = [_adult(surname_of, building, room, random)]
    if random.random() < 0.5:
        people.append(_adult(namer.name(ADULTS), building, room, random))
    if random.random() < 0.35:
        born = begins_on - timedelta(days=random.randint(62 * 365, 84 * 365))
        elder = PersonPlan(namer.name(ELDERS), building, room, birth_date=born)
        people.append(replace(elder, eagerness=random.choice((0.2, 1.5, 4.0))))
    if random.random() < 0.42:
        born = begins_on - timedelta(days=random.randint(6 * 365, 13 * 365))
        name = namer.name(CHILDREN, surname_of[: 2 if len(surname_of) > 3 else 1])
        child = PersonPlan(name, building, room, birth_date=born, consent_by=surname_of)
        people.append(replace(child, eagerness=random.choice((0.5, 1.0, 3.0))))
    return people


def _adult(name: str, building: str, room: str, random: Random) -> PersonPlan:
    # A few carry most of the work, as everywhere.
    eagerness = random.choices((0.05, 0.5, 1.5, 6.0), weights=(35, 35, 20, 10))[0]
    return PersonPlan(name, building, room, age_band="18_plus", eagerness=eagerness)


def _in_youth_groups(people: list[PersonPlan], begins_on: date, random: Random) -> list[PersonPlan]:
    """Each child into one of the two groups; the younger ones patrol."""
    grouped = []
    for person in people:
        if person.consent_by is None or person.youth_group is not None:
            grouped.append(person)
            continue
        assert person.birth_date is not None
        years = (begins_on - person.birth_date).days / 365
        patrols = random.random() < (0.75 if years < 9 else 0.3)
        grouped.append(replace(person, youth_group=LITTLE_PATROL if patrols else YOUNG_HOSTS))
    return grouped
