"""Places, organisations, youth groups, roles, settings, audit: read for one community."""

from datetime import date, timedelta

from tests.statements import statements
from tests.town import FRIDAY, SINCE, Town
from volunteer.domain.access import Role, Scope
from volunteer.queries.audit import AuditFilter, read_actions, read_audit
from volunteer.queries.organisations import (
    read_kind,
    read_kinds,
    read_organisation,
    read_organisations,
)
from volunteer.queries.places import (
    natural_order,
    read_area,
    read_area_choices,
    read_areas,
    read_building,
    read_building_choices,
)
from volunteer.queries.roles import read_grant, read_grants
from volunteer.queries.settings import read_settings
from volunteer.queries.youth_groups import (
    read_group_choices,
    read_members,
    read_youth_group,
    read_youth_groups,
)
from volunteer.store import models as m
from volunteer.store.audit import record_audit

TODAY = date(2026, 11, 20)


def test_buildings_stand_in_natural_order_with_who_lives_there(both_town: Town) -> None:
    town = both_town
    second, twelfth = town.building("2栋", grid="三网格"), town.building("12栋")
    town._add(m.BuildingAlias, community_id=town.community_id, building_id=twelfth, alias="十二座")
    town.building("拆了的栋", deactivated_at=FRIDAY)
    town.resident(building_id=twelfth)
    town.resident(building_id=twelfth, state="moved_away")
    moved = town.resident(building_id=second)
    town.write(
        lambda tx: tx.query(m.Residence).filter_by(resident_id=moved).update({"ends_on": SINCE})
    )
    scope, here = Scope.of(town.community_id), town.community_id
    with statements() as seen:
        (area,) = read_areas(scope, here, today=TODAY)
    assert len(seen) <= 4
    assert [(one.name, one.residents) for one in area.buildings] == [("2栋", 0), ("12栋", 1)]
    by_alias = read_areas(scope, here, today=TODAY, q="十二")
    assert [one.name for one in by_alias[0].buildings] == ["12栋"]
    by_grid = read_areas(scope, here, today=TODAY, q="三网")
    assert [one.name for one in by_grid[0].buildings] == ["2栋"]
    assert read_areas(scope, here, today=TODAY, q="没有") == []
    with_old = read_areas(scope, here, today=TODAY, inactive=True)
    assert len(with_old[0].buildings) == 3
    choices = read_building_choices(scope, here)
    assert [one.name for one in choices] == ["2栋", "12栋"]
    building = read_building(scope, twelfth, today=TODAY)
    assert building
    assert building.aliases == ("十二座",)


def test_names_with_numbers_sort_as_people_count() -> None:
    names = ["12栋", "2栋", "A座", "1栋", "2栋B", "10栋"]
    assert sorted(names, key=natural_order) == ["1栋", "2栋", "2栋B", "10栋", "12栋", "A座"]


def test_organisations_by_name_and_kind(both_town: Town) -> None:
    town = both_town
    scope, here = Scope.of(town.community_id), town.community_id
    town.activity()
    second = town.organisation("物业公司")
    rows = read_organisations(scope, here)
    assert [(row.organisation_id, row.activities) for row in rows] == [
        (town.organisation_id, 1),
        (second, 0),
    ]
    assert [row.organisation_id for row in read_organisations(scope, here, q="物业")] == [second]
    kind = rows[1].kind_id
    by_kind = read_organisations(scope, here, kind_id=kind)
    assert [row.organisation_id for row in by_kind] == [second]
    assert [row.organisations for row in read_kinds(scope, here)] == [1, 1]


def test_members_of_a_youth_group(both_town: Town) -> None:
    town = both_town
    scope, here = Scope.of(town.community_id), town.community_id
    group_id = town.youth_group("小小巡逻兵")
    town.resident("王小明", youth_group_id=group_id, birth_date=date(2015, 1, 1))
    left = town.resident("陈秀英", youth_group_id=group_id)
    town.write(
        lambda tx: tx.query(m.Membership).filter_by(resident_id=left).update({"ends_on": SINCE})
    )
    (group,) = read_youth_groups(scope, here, today=TODAY)
    assert group.members == 1
    assert [one.name for one in read_members(scope, group, today=TODAY)] == ["王小明"]
    everybody = read_members(scope, group, today=TODAY, former=True)
    assert [one.name for one in everybody] == ["陈秀英", "王小明"]
    assert [row[0] for row in read_group_choices(scope, here)] == [group_id]


def test_roles_of_the_community_and_of_its_sub_district(both_town: Town) -> None:
    town = both_town
    scope, here = Scope.of(town.community_id), town.community_id
    admin = town.login(name="王主任", roles=("community_admin",))
    town.login(name="小刘", roles=("sub_district_admin",))
    other = town.community("景华社区")
    town.grant(town.login(name="别处的人"), "organizer", other)
    ended = town.grant(admin, "auditor")
    town.write(lambda tx: tx.query(m.RoleGrant).filter_by(id=ended).update({"revoked_at": FRIDAY}))
    rows = read_grants(scope, here, today=TODAY)
    assert [(row.name, row.role) for row in rows] == [
        ("王主任", Role.COMMUNITY_ADMIN),
        ("小刘", Role.SUB_DISTRICT_ADMIN),
    ]
    assert rows[1].of_sub_district == "莲花街道"
    everything = read_grants(scope, here, today=TODAY, ended=True)
    assert {row.state_on(TODAY) for row in everything} == {"holds", "ended"}
    only = read_grants(scope, here, today=TODAY, role="auditor", ended=True)
    assert [row.grant_id for row in only] == [ended]
    assert read_grant(scope, here, ended)
    # The sub-district's grant is shown, but it is not this community's to open.
    assert read_grant(scope, here, rows[1].grant_id) is None


def _deed(town: Town, action: str, **more: object) -> None:
    values = {
        "now": FRIDAY,
        "action": action,
        "subject_kind": "community",
        "subject_id": town.community_id,
        "community_id": town.community_id,
        "login_id": None,
    } | more
    town.write(lambda tx: record_audit(tx, **values))  # type: ignore[arg-type]


def test_the_audit_trail_is_filtered_and_paged_by_id(both_town: Town) -> None:
    town = both_town
    scope, here = Scope.of(town.community_id), town.community_id
    other = town.community("景华社区")
    chen = town.resident("陈秀英")
    clerk = town.login(name="李活动", roles=("organizer",))
    outsider = town.login(name="外人")
    for _ in range(26):
        _deed(town, "settings_changed")
    _deed(town, "resident_edited", subject_kind="resident", subject_id=chen, login_id=clerk)
    _deed(town, "area_added", community_id=other, subject_id=other)
    # A deed on a login belongs to no community: shown where that login works, nowhere else.
    _deed(town, "secret_changed", subject_kind="login", subject_id=clerk, community_id=None)
    _deed(town, "session_revoked", subject_kind="login", subject_id=outsider, community_id=None)
    rows, older = read_audit(scope, here, AuditFilter())
    assert [row.action for row in rows[:3]] == [
        "secret_changed",
        "resident_edited",
        "settings_changed",
    ]
    assert (rows[1].who, rows[1].subject) == ("李活动", "陈秀英")
    assert rows[0].subject == "李活动"
    assert older
    rest, end = read_audit(scope, here, AuditFilter(), before_id=older)
    assert len(rows) + len(rest) == 28
    assert end is None
    assert "area_added" not in read_actions(scope, here)

    def count(**wanted: object) -> int:
        return len(read_audit(scope, here, AuditFilter(**wanted))[0])  # type: ignore[arg-type]

    ref = rows[1].resident_ref or ""
    assert count(who="活动") == 1
    assert count(action="resident_edited") == 1
    assert count(subject_ref=ref) == 1
    assert count(first_day=TODAY + timedelta(days=1)) == 0
    assert count(action="resident_edited", first_day=TODAY, last_day=TODAY) == 1


def test_nothing_is_read_out_of_scope(both_town: Town) -> None:
    town = both_town
    building, group = town.building("3栋"), town.youth_group("小小巡逻兵")
    grant = town.grant(town.login(), "organizer")
    _deed(town, "settings_changed")
    own, here = Scope.of(town.community_id), town.community_id
    elsewhere = Scope.of(town.community("景华社区"))
    kind = read_kinds(own, here)[0].kind_id
    shown = read_youth_group(own, group, today=TODAY)
    assert shown
    empty = (
        read_areas(elsewhere, here, today=TODAY),
        read_area(elsewhere, town.area_id),
        read_area_choices(elsewhere, here),
        read_building(elsewhere, building, today=TODAY),
        read_building_choices(elsewhere, here),
        read_organisations(elsewhere, here),
        read_organisation(elsewhere, town.organisation_id),
        read_kinds(elsewhere, here),
        read_kind(elsewhere, kind),
        read_youth_groups(elsewhere, here, today=TODAY),
        read_youth_group(elsewhere, group, today=TODAY),
        read_members(elsewhere, shown, today=TODAY),
        read_group_choices(elsewhere, here),
        read_grants(elsewhere, here, today=TODAY),
        read_grant(elsewhere, here, grant),
        read_settings(elsewhere, here),
        read_audit(elsewhere, here, AuditFilter())[0],
        read_actions(elsewhere, here),
    )
    assert not any(empty)
    settings = read_settings(own, here)
    assert settings
    assert (settings.name, settings.check_in_opens_minutes) == ("梅富社区", 60)
