"""The whole demo as one value: facts of the report, and what is made up around them. Pure.

The same first day gives the same plan, so a load that was killed goes on where it stopped.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from volunteer.cli.demo.history import (
    FRIDAY_DAY,
    FRIDAY_SITES,
    HOME_SAFETY,
    ZONE,
    Session,
    Site,
    Sums,
    plan_history,
    two_years_before,
)
from volunteer.cli.demo.logins import GUARDIAN, LEADER, RESIDENT, LoginPlan
from volunteer.cli.demo.people import (
    LITTLE_PATROL,
    YOUNG_HOSTS,
    BuildingPlan,
    Family,
    PersonPlan,
    meifu_buildings,
    people_of,
)
from volunteer.domain.activities import RuleNumbers
from volunteer.jobs.open_day import OPEN_DAY

MEIFU = "梅富社区"
COUNCIL = "居民议事会"
CLINIC_DAY = "义诊便民日"


@dataclass(frozen=True)
class OrganisationPlan:
    kind: str
    name: str
    name_en: str


@dataclass(frozen=True)
class ActivityPlan:
    name: str
    name_en: str
    organisation: str
    kind: str
    rule: RuleNumbers
    description: str
    youth_group: str | None = None
    measure: str = "service"
    ending: str = "leader_ends"
    default_minutes: int | None = None
    takes_guests: bool = False


@dataclass(frozen=True)
class CommunityPlan:
    name: str
    name_en: str
    areas: tuple[tuple[str, str, str], ...]
    """Kind, name, English name."""
    buildings: tuple[BuildingPlan, ...]
    organisations: tuple[OrganisationPlan, ...]
    people: tuple[PersonPlan, ...]
    activities: tuple[ActivityPlan, ...]
    youth_groups: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class DemoPlan:
    """``begins_on``: the day the books were opened; the history runs to the day before
    ``first_start``."""

    first_start: date
    begins_on: date
    sub_district: str
    sub_district_en: str
    district: str
    city: str
    kinds: tuple[tuple[str, str, str], ...]
    communities: tuple[CommunityPlan, ...]
    sessions: tuple[Session, ...]

    @property
    def meifu(self) -> CommunityPlan:
        return self.communities[0]


@dataclass(frozen=True)
class ComingEvent:
    """An event after the first start, which nobody has come to yet."""

    activity: str
    place: str
    place_en: str
    starts_at: datetime
    ends_at: datetime
    capacity: int | None = None


def coming_events(first_start: date) -> list[ComingEvent]:
    """Three sites next Friday, a council tomorrow evening, a clinic day in five days."""

    def event(activity: str, site: Site, day: date, capacity: int | None = None) -> ComingEvent:
        starts_at = datetime.combine(day, site.starts, ZONE).astimezone(UTC)
        ends_at = starts_at + timedelta(minutes=site.minutes)
        return ComingEvent(activity, site.place, site.place_en, starts_at, ends_at, capacity)

    friday = first_start + timedelta(days=(4 - first_start.weekday()) % 7 or 7)
    council = Site("社区议事厅", "Council room", time(19, 30), 90)
    clinic = Site("梅富村小广场", "Village square", time(9, 0), 180)
    return [
        *(event(FRIDAY_DAY, site, friday) for site in FRIDAY_SITES[:3]),
        event(COUNCIL, council, first_start + timedelta(days=1)),
        event(CLINIC_DAY, clinic, first_start + timedelta(days=5), capacity=30),
    ]


@cache
def facts() -> dict[str, Any]:
    """What the report says, as the file beside this one has it."""
    found: dict[str, Any] = json.loads(
        Path(__file__).with_name("facts.json").read_text(encoding="utf-8")
    )
    return found


def sums_of_the_report() -> Sums:
    friday, groups = facts()["friday_day"], facts()["meifu_resident_and_youth_activities"]
    return Sums(
        friday_sessions=friday["sessions"],
        friday_person_times=friday["person_times"],
        group_sessions=groups["count"],
        group_person_times=groups["person_times"],
    )


def build_plan(first_start: date) -> DemoPlan:
    """Everything the demo is made of, for a system first started on local ``first_start``."""
    district = facts()["sub_district"]
    begins_on = two_years_before(first_start) - timedelta(days=30)
    communities = (
        _meifu(begins_on),
        *(_neighbour(fact, begins_on) for fact in facts()["communities"][1:]),
    )
    return DemoPlan(
        first_start=first_start,
        begins_on=begins_on,
        sub_district=district["zh"],
        sub_district_en=district["en"],
        district=district["district"],
        city=district["city"],
        kinds=_MORE_KINDS,
        communities=communities,
        sessions=tuple(plan_history(communities[0].people, first_start, sums_of_the_report())),
    )


# --- Meifu ----------------------------------------------------------------------------------

_MORE_KINDS = (
    ("community_party_committee", "社区党委", "Community Party committee"),
    ("community_workstation", "社区工作站", "Community workstation"),
    ("party_mass_service_centre", "党群服务中心", "Party and community service centre"),
    ("joint_stock_company", "股份合作公司", "Joint-stock company"),
    ("social_organisation", "社会组织", "Social organisation"),
)
"""Kinds the report names and a new community does not start with: code here, words both ways."""

_HOUR_RULE = RuleNumbers(points_per_hour=10, leader_factor_percent=120)

_MEIFU_ORGANISATIONS = (
    OrganisationPlan("residents_committee", "梅富社区居委会", "Meifu Residents' Committee"),
    OrganisationPlan("community_party_committee", "梅富社区党委", "Meifu Party Committee"),
    OrganisationPlan("party_branch", "梅富居民党支部", "Meifu Residents' Party Branch"),
    OrganisationPlan("community_workstation", "梅富社区工作站", "Meifu Community Workstation"),
    OrganisationPlan(
        "party_mass_service_centre", "梅富社区党群服务中心", "Meifu Community Service Centre"
    ),
    OrganisationPlan("volunteer_team", "梅富邻里义工队", "Meifu Neighbours' Volunteer Team"),
    OrganisationPlan("property_company", "示例物业服务公司", "Example Property Company"),
    OrganisationPlan("owners_committee", "示例业主委员会", "Example Owners' Committee"),
    OrganisationPlan("joint_stock_company", "示例股份合作公司", "Example Joint-stock Company"),
    OrganisationPlan("social_organisation", "示例社会工作服务中心", "Example Social Work Centre"),
    OrganisationPlan("school", "示例小学", "Example Primary School"),
)

_MEIFU_ACTIVITIES = (
    ActivityPlan(
        FRIDAY_DAY,
        "Friday Environment Day",
        "梅富社区居委会",
        "environment",
        _HOUR_RULE,
        "每周五清洁楼道、街巷和步道。工具现场领取，穿防滑鞋。",
        takes_guests=True,
    ),
    ActivityPlan(
        HOME_SAFETY,
        "Home safety outreach",
        "梅富邻里义工队",
        "safety",
        _HOUR_RULE,
        "上门提醒用电、用气和电动车停放安全。两人一组，做完自己签退。",
        ending="each_checks_out",
    ),
    ActivityPlan(
        YOUNG_HOSTS,
        "Meifu Young Hosts Team",
        "梅富社区党群服务中心",
        "culture",
        RuleNumbers(fixed_points=8, points_per_hour=4, leader_factor_percent=120),
        "青少年小队活动：整理图书角、给邻居讲解社区。",
        youth_group=YOUNG_HOSTS,
        ending="planned_length",
    ),
    ActivityPlan(
        LITTLE_PATROL,
        "Little Patrollers",
        "梅富居民党支部",
        "patrol",
        RuleNumbers(fixed_points=10, cap_day_points=20),
        "青少年小队活动：跟着大人巡街巷，记下松动的井盖和堵住的通道。",
        youth_group=LITTLE_PATROL,
    ),
    ActivityPlan(
        OPEN_DAY,
        "Love Station, open all day",
        "梅富社区党群服务中心",
        "care",
        RuleNumbers(fixed_points=10),
        "全天开放：随到随签，帮邻居量血压、缝补、读信。",
        ending="each_checks_out",
        default_minutes=60,
        takes_guests=True,
    ),
    ActivityPlan(
        COUNCIL,
        "Residents' council",
        "梅富居民党支部",
        "council",
        RuleNumbers(fixed_points=5),
        "社区大事一起商量。议事计积分，不计服务时长。",
        measure="participation",
    ),
    ActivityPlan(
        CLINIC_DAY,
        "Neighbourhood clinic day",
        "梅富邻里义工队",
        "health",
        RuleNumbers(fixed_points=10, points_per_hour=6, cap_event_points=40),
        "量血压、配老花镜、理发。",
    ),
)


def _meifu(begins_on: date) -> CommunityPlan:
    random = Random("meifu")
    buildings = meifu_buildings(random)
    people = people_of(buildings, _families(buildings, begins_on), begins_on, random)
    fact = facts()["communities"][0]
    names = {
        one["zh"]: one["en"] for one in facts()["meifu_resident_and_youth_activities"]["names"]
    }
    return CommunityPlan(
        name=fact["zh"],
        name_en=fact["en"],
        areas=(
            ("urban_village_block", "梅富村东片", "Meifu Village, east"),
            ("urban_village_block", "梅富村西片", "Meifu Village, west"),
            ("urban_village_block", "梅富村街巷", "Meifu Village, lanes"),
        ),
        buildings=tuple(buildings),
        organisations=_MEIFU_ORGANISATIONS,
        people=tuple(people),
        activities=_MEIFU_ACTIVITIES,
        youth_groups=((YOUNG_HOSTS, names[YOUNG_HOSTS]), (LITTLE_PATROL, names[LITTLE_PATROL])),
    )


def _families(buildings: list[BuildingPlan], begins_on: date) -> tuple[Family, ...]:
    """The people behind the logins, and three elders who have a card and no telephone."""
    at, lane = buildings[1].name, buildings[12].name

    def born(years: int, days: int) -> date:
        return begins_on - timedelta(days=years * 365 + days)

    def grown(login: LoginPlan, room: str, name_en: str, eagerness: float) -> PersonPlan:
        person = PersonPlan(login.name, at, room, name_en, born(38, 120))
        return replace(person, eagerness=eagerness, phone=login.phone)

    def child(name: str, name_en: str, years: int, group: str) -> PersonPlan:
        person = PersonPlan(name, at, "503", name_en, born(years, 40))
        return replace(person, consent_by=GUARDIAN.name, youth_group=group, eagerness=30.0)

    def elder(name: str, name_en: str, room: str, years: int) -> PersonPlan:
        return PersonPlan(name, at, room, name_en, born(years, 200), eagerness=8.0)

    return (
        Family(at, "402", (grown(RESIDENT, "402", "Chen Simin", 25.0),)),
        Family(
            at,
            "503",
            (
                grown(GUARDIAN, "503", "He Wanyi", 2.0),
                child("何一诺", "He Yinuo", 9, YOUNG_HOSTS),
                child("何煜城", "He Yucheng", 6, LITTLE_PATROL),
            ),
        ),
        Family(at, "601", (grown(LEADER, "601", "Huang Zhiqiang", 60.0),)),
        Family(
            at,
            "204",
            (
                elder("陈秀英", "Chen Xiuying", "204", 74),
                elder("赵德才", "Zhao Decai", "205", 79),
            ),
        ),
        Family(lane, "301", (replace(elder("黄惠芳", "Huang Huifang", "301", 71), building=lane),)),
    )


# --- the other three ------------------------------------------------------------------------


def _neighbour(fact: dict[str, Any], begins_on: date) -> CommunityPlan:
    """A community that shows what another sees: a few people, one activity, nothing of Meifu's."""
    random = Random(fact["zh"])
    short, short_en = fact["zh"].removesuffix("社区"), fact["en"].removesuffix(" Community")
    estate = fact["named_estates"][0]
    buildings = tuple(
        BuildingPlan(
            area=estate,
            name=f"{number}栋",
            name_en=f"Building {number}",
            grid=f"{short}第1网格",
            residents=random.randint(4, 8),
        )
        for number in range(1, 4)
    )
    committee = f"{fact['zh']}居委会"
    return CommunityPlan(
        name=fact["zh"],
        name_en=fact["en"],
        areas=(("estate", estate, f"{short_en} estate"),),
        buildings=buildings,
        organisations=(
            OrganisationPlan("residents_committee", committee, f"{short_en} Residents' Committee"),
            OrganisationPlan("property_company", "示例物业服务公司", "Example Property Company"),
        ),
        people=tuple(_grown_ups(people_of(list(buildings), (), begins_on, random))),
        activities=(
            ActivityPlan(
                FRIDAY_DAY,
                "Friday Environment Day",
                committee,
                "environment",
                _HOUR_RULE,
                "每周五清洁楼道和步道。工具现场领取。",
                takes_guests=True,
            ),
        ),
    )


def _grown_ups(people: list[PersonPlan]) -> list[PersonPlan]:
    """These communities have no youth group in the demo."""
    return [replace(person, youth_group=None) for person in people]
