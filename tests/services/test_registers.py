"""Communities, places, organisations, youth groups: added, edited, out of use and back."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select

from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.organisation_kinds import STARTING_KINDS
from volunteer.domain.refusals import Code, Refused
from volunteer.services import communities, organisations, places, youth_groups
from volunteer.services.communities import CommunitySettings, NewCommunity
from volunteer.services.organisations import OrganisationDetails
from volunteer.services.places import AreaDetails, BuildingDetails
from volunteer.services.youth_groups import YouthGroupDetails
from volunteer.store import models as m
from volunteer.store.database import db
from volunteer.store.ledger import SYSTEM_ACCOUNTS

TODAY = date(2026, 11, 20)


@pytest.fixture
def who(both_town: Town) -> dict[str, object]:
    admin = both_town.login(roles=("community_admin",))
    return {"by": admin, "now": FRIDAY, "scope": Scope.of(both_town.community_id)}


def refusal_of(call: Callable[[], object]) -> Code:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal.code


def row(model, row_id):  # type: ignore[no-untyped-def]
    db.session.remove()
    return db.session.get_one(model, row_id)


def last_action() -> str | None:
    db.session.remove()
    return db.session.scalar(select(m.AuditEvent.action).order_by(m.AuditEvent.id.desc()).limit(1))


# ---- Communities --------------------------------------------------------------------------


def test_a_community_is_founded_with_accounts_and_kinds(both_town: Town) -> None:
    everything = {"by": None, "now": FRIDAY, "scope": Scope.everything()}
    new = NewCommunity("莲花街道", "福中社区", "Fuzhong", telephone="0755-1")
    founded = communities.add_community(new, **everything)  # type: ignore[arg-type]
    # A second community of the sub-district finds it by name.
    assert founded.sub_district_id == both_town.sub_district_id
    kinds = db.session.scalars(
        select(m.Account.kind).where(m.Account.community_id == founded.community_id)
    )
    assert set(kinds) == set(SYSTEM_ACCOUNTS)
    codes = db.session.scalars(
        select(m.OrganisationKind.code).where(
            m.OrganisationKind.community_id == founded.community_id
        )
    )
    assert set(codes) == {code for code, _, _ in STARTING_KINDS}
    again = lambda: communities.add_community(new, **everything)  # type: ignore[arg-type]  # noqa: E731
    assert refusal_of(again) is Code.ALREADY_EXISTS


def test_only_who_sees_everything_founds_a_community(who: dict[str, object]) -> None:
    new = NewCommunity("莲花街道", "福中社区")
    assert refusal_of(lambda: communities.add_community(new, **who)) is Code.PERMISSION_MISSING  # type: ignore[arg-type]
    nameless = NewCommunity("莲花街道", "  ")
    who["scope"] = Scope.everything()
    assert refusal_of(lambda: communities.add_community(nameless, **who)) is Code.NAME_MISSING  # type: ignore[arg-type]


SETTINGS = CommunitySettings(
    name_en="Meifu",
    telephone="0755-83070000",
    volunteer_word="yigong",
    check_in_opens_minutes=30,
    check_in_closes_minutes=10,
    auto_close_minutes=60,
    late_scan_hours=48,
)


def test_settings_are_changed_and_what_changed_is_written_down(
    both_town: Town, who: dict[str, object]
) -> None:
    communities.change_settings(both_town.community_id, SETTINGS, **who)  # type: ignore[arg-type]
    community = row(m.Community, both_town.community_id)
    assert (community.volunteer_word, community.check_in_opens_minutes) == ("yigong", 30)
    line = db.session.scalars(select(m.AuditEvent)).one()
    assert line.facts["check_in_opens_minutes"] == "60 → 30"
    assert "name_en" not in line.facts


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"check_in_opens_minutes": -1}, Code.AMOUNT_INVALID),
        ({"late_scan_hours": 721}, Code.AMOUNT_INVALID),
        ({"volunteer_word": "helper"}, Code.CHOICE_MISSING),
        ({"telephone": "1" * 41}, Code.TEXT_TOO_LONG),
    ],
)
def test_settings_out_of_range(
    both_town: Town, who: dict[str, object], changed: dict[str, object], code: Code
) -> None:
    from dataclasses import replace

    wrong = replace(SETTINGS, **changed)  # type: ignore[arg-type]
    change = lambda: communities.change_settings(both_town.community_id, wrong, **who)  # type: ignore[arg-type]  # noqa: E731
    assert refusal_of(change) is code
    other = both_town.community("景华社区")
    theirs = lambda: communities.change_settings(other, SETTINGS, **who)  # type: ignore[arg-type]  # noqa: E731
    assert refusal_of(theirs) is Code.NOT_FOUND


# ---- Places -------------------------------------------------------------------------------


def test_areas(both_town: Town, who: dict[str, object]) -> None:
    community = both_town.community_id
    area_id = places.add_area(community, AreaDetails("estate", " 怡枫园 "), **who)  # type: ignore[arg-type]
    assert row(m.Area, area_id).name == "怡枫园"
    add = lambda area: lambda: places.add_area(community, area, **who)  # type: ignore[arg-type]  # noqa: E731
    assert refusal_of(add(AreaDetails("estate", "怡枫园"))) is Code.ALREADY_EXISTS
    assert refusal_of(add(AreaDetails("castle", "城堡"))) is Code.CHOICE_MISSING
    assert refusal_of(add(AreaDetails("estate", " "))) is Code.NAME_MISSING
    assert refusal_of(add(AreaDetails("estate", "长" * 121))) is Code.TEXT_TOO_LONG
    same = AreaDetails("estate", "梅富村")
    assert refusal_of(lambda: places.edit_area(area_id, same, **who)) is Code.ALREADY_EXISTS  # type: ignore[arg-type]
    places.edit_area(area_id, AreaDetails("dormitory", "怡枫园", "Yifengyuan"), **who)  # type: ignore[arg-type]
    assert row(m.Area, area_id).kind == "dormitory"
    places.set_area_active(area_id, False, **who)  # type: ignore[arg-type]
    assert row(m.Area, area_id).deactivated_at == FRIDAY
    assert last_action() == "area_deactivated"
    places.set_area_active(area_id, True, **who)  # type: ignore[arg-type]
    assert row(m.Area, area_id).deactivated_at is None
    other = both_town.community("景华社区")
    elsewhere = lambda: places.add_area(other, same, **who)  # type: ignore[arg-type]  # noqa: E731
    assert refusal_of(elsewhere) is Code.NOT_FOUND


def test_buildings(both_town: Town, who: dict[str, object]) -> None:
    def details(**more: object) -> BuildingDetails:
        return BuildingDetails(**({"area_id": both_town.area_id, "name": "12栋"} | more))  # type: ignore[arg-type]

    def refused(**more: object) -> Code:
        return refusal_of(lambda: places.add_building(details(**more), **who))  # type: ignore[arg-type]

    full = details(
        aliases=("十二栋", " 梅富村12号", "十二栋", ""),
        grid="第三网格",
        estimated_residents=120,
        estimated_on=TODAY,
    )
    building_id = places.add_building(full, **who)  # type: ignore[arg-type]
    assert row(m.Building, building_id).estimated_residents == 120
    aliases = db.session.scalars(select(m.BuildingAlias.alias).order_by(m.BuildingAlias.id)).all()
    assert aliases == ["十二栋", "梅富村12号"]
    assert refused() is Code.ALREADY_EXISTS
    assert refused(name="13栋", aliases=("十二栋",)) is Code.ALREADY_EXISTS
    assert refused(name="13栋", area_id=4711) is Code.NOT_FOUND
    assert refused(name="13栋", estimated_residents=0, estimated_on=TODAY) is Code.AMOUNT_INVALID
    assert refused(name="13栋", estimated_residents=10) is Code.DATE_INVALID
    tomorrow = date(2026, 11, 21)
    assert refused(name="13栋", estimated_residents=9, estimated_on=tomorrow) is Code.DATE_INVALID
    assert refused(name="13栋", aliases=("长",) * 21) is Code.TEXT_TOO_LONG
    assert refused(name="") is Code.NAME_MISSING

    places.edit_building(building_id, details(aliases=("十二栋",)), **who)  # type: ignore[arg-type]
    assert db.session.scalars(select(m.BuildingAlias.alias)).all() == ["十二栋"]
    places.set_building_active(building_id, False, **who)  # type: ignore[arg-type]
    places.set_building_active(building_id, False, **who)  # type: ignore[arg-type]
    db.session.remove()
    actions = db.session.scalars(select(m.AuditEvent.action)).all()
    assert actions.count("building_deactivated") == 1


# ---- Organisations ------------------------------------------------------------------------


def test_organisations_and_their_kinds(both_town: Town, who: dict[str, object]) -> None:
    community = both_town.community_id
    kind = organisations.add_organisation_kind(community, "议事会", "Council", **who)  # type: ignore[arg-type]
    again = lambda: organisations.add_organisation_kind(community, "议事会", None, **who)  # type: ignore[arg-type]  # noqa: E731
    assert refusal_of(again) is Code.ALREADY_EXISTS
    one = organisations.add_organisation(community, OrganisationDetails(kind, "居民议事会"), **who)  # type: ignore[arg-type]
    same = OrganisationDetails(kind, "居民议事会")
    twice = lambda: organisations.add_organisation(community, same, **who)  # type: ignore[arg-type]  # noqa: E731
    assert refusal_of(twice) is Code.ALREADY_EXISTS
    nowhere = OrganisationDetails(4711, "某会")
    kindless = lambda: organisations.add_organisation(community, nowhere, **who)  # type: ignore[arg-type]  # noqa: E731
    assert refusal_of(kindless) is Code.NOT_FOUND
    remove = lambda: organisations.remove_organisation_kind(kind, **who)  # type: ignore[arg-type]  # noqa: E731
    assert refusal_of(remove) is Code.IN_USE
    second = organisations.add_organisation_kind(community, "志愿队", None, **who)  # type: ignore[arg-type]
    renamed = OrganisationDetails(second, "居民议事会", "Residents' council")
    organisations.edit_organisation(one, renamed, **who)  # type: ignore[arg-type]
    assert row(m.Organisation, one).kind_id == second
    clash = lambda: organisations.edit_organisation_kind(second, "议事会", None, **who)  # type: ignore[arg-type]  # noqa: E731
    assert refusal_of(clash) is Code.ALREADY_EXISTS
    organisations.edit_organisation_kind(second, "志愿服务队", None, **who)  # type: ignore[arg-type]
    remove()
    assert last_action() == "organisation_kind_removed"
    organisations.set_organisation_active(one, False, **who)  # type: ignore[arg-type]
    assert row(m.Organisation, one).deactivated_at == FRIDAY
    who["scope"] = Scope.of(both_town.community("景华社区"))
    back = lambda: organisations.set_organisation_active(one, True, **who)  # type: ignore[arg-type]  # noqa: E731
    assert refusal_of(back) is Code.NOT_FOUND


# ---- Youth groups -------------------------------------------------------------------------


def test_youth_groups_and_dated_membership(both_town: Town, who: dict[str, object]) -> None:
    town, community = both_town, both_town.community_id
    details = YouthGroupDetails("小小巡逻兵", "Little Patrol", town.organisation_id)
    group = youth_groups.add_youth_group(community, details, **who)  # type: ignore[arg-type]
    twice = lambda: youth_groups.add_youth_group(community, details, **who)  # type: ignore[arg-type]  # noqa: E731
    assert refusal_of(twice) is Code.ALREADY_EXISTS
    stray = YouthGroupDetails("别的队", None, 4711)
    nowhere = lambda: youth_groups.add_youth_group(community, stray, **who)  # type: ignore[arg-type]  # noqa: E731
    assert refusal_of(nowhere) is Code.NOT_FOUND

    child = town.resident("王小明", birth_date=date(2015, 1, 1))
    start, end = date(2026, 1, 1), date(2026, 6, 30)

    def join(day: date, resident_id: int = child) -> int:
        return youth_groups.add_member(group, resident_id, day, **who)  # type: ignore[arg-type]

    first = join(start)
    assert refusal_of(lambda: join(TODAY)) is Code.ALREADY_EXISTS
    leave = lambda day: lambda: youth_groups.end_membership(first, day, **who)  # type: ignore[arg-type]  # noqa: E731
    assert refusal_of(leave(date(2025, 12, 31))) is Code.DATES_REVERSED
    leave(end)()
    join(date(2026, 7, 1))
    gone = town.resident("去远方", state="moved_away")
    assert refusal_of(lambda: join(TODAY, gone)) is Code.RESIDENT_INACTIVE
    stranger = town.resident(community_id=town.community("景华社区"))
    assert refusal_of(lambda: join(TODAY, stranger)) is Code.NOT_FOUND

    youth_groups.edit_youth_group(group, YouthGroupDetails("我是小小巡逻兵"), **who)  # type: ignore[arg-type]
    youth_groups.set_youth_group_active(group, False, **who)  # type: ignore[arg-type]
    kept = row(m.YouthGroup, group)
    assert (kept.name, kept.deactivated_at) == ("我是小小巡逻兵", FRIDAY)
