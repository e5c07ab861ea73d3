"""The demo's communities, places, organisations, logins and activities, through the services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from volunteer.cli.demo.history import ZONE
from volunteer.cli.demo.logins import (
    ADMIN,
    GUARDIAN,
    LEADER,
    LOGINS,
    ORGANIZER,
    PASSWORD,
    RESIDENT,
    LoginPlan,
)
from volunteer.cli.demo.plan import MEIFU, CommunityPlan, DemoPlan
from volunteer.domain.access import Relation, Role, Scope
from volunteer.domain.activation import strip_code
from volunteer.domain.activities import ActivityPlan
from volunteer.domain.tokens import Keys
from volunteer.queries.demo import (
    DemoCommunity,
    DemoPlaces,
    DemoResident,
    read_activities,
    read_acts_for,
    read_demo_communities,
    read_login_ids,
    read_people,
    read_places,
)
from volunteer.services.activation import Binding, bind, bind_signed_in
from volunteer.services.activities import add_activity
from volunteer.services.communities import NewCommunity, add_community
from volunteer.services.logins import NewAdmin, create_admin
from volunteer.services.operator import set_password
from volunteer.services.organisations import (
    OrganisationDetails,
    add_organisation,
    add_organisation_kind,
)
from volunteer.services.places import AreaDetails, BuildingDetails, add_area, add_building
from volunteer.services.roles import NewGrant, grant_role, grant_sub_district_admin
from volunteer.services.youth_groups import YouthGroupDetails, add_youth_group

EVERYWHERE = Scope.everything()
TELEPHONE = "0755-00000000"
BROWSER = "demo"
Step = Callable[[int], None]


def found_communities(plan: DemoPlan, now: datetime, step: Step) -> None:
    """Communities, their first admin, areas, buildings, organisations and youth groups."""
    there = read_demo_communities(EVERYWHERE)
    for community in plan.communities:
        if community.name not in there:
            new = NewCommunity(
                sub_district=plan.sub_district,
                name=community.name,
                name_en=community.name_en,
                sub_district_en=plan.sub_district_en,
                district=plan.district,
                city=plan.city,
                telephone=TELEPHONE,
                is_demo=True,
            )
            add_community(new, by=None, now=now, scope=EVERYWHERE)
    there = read_demo_communities(EVERYWHERE)
    admin_id = _admin(there[MEIFU].community_id, now)
    for community in plan.communities:
        _furnish(community, there[community.name].community_id, admin_id, plan, now, step)


def _admin(meifu_id: int, now: datetime) -> int:
    there = read_login_ids([e164(ADMIN)])
    if there:
        return there[e164(ADMIN)]
    new = NewAdmin(ADMIN.name, ADMIN.phone, PASSWORD)
    return create_admin(new, meifu_id, now=now, scope=EVERYWHERE)


def e164(login: LoginPlan) -> str:
    """A phone as the logins keep it."""
    return f"+86{login.phone}"


def _furnish(
    community: CommunityPlan,
    community_id: int,
    admin_id: int,
    plan: DemoPlan,
    now: datetime,
    step: Step,
) -> None:
    places = read_places(community_id, EVERYWHERE)
    for kind, name, name_en in community.areas:
        if name not in places.areas:
            details = AreaDetails(kind, name, name_en)
            places.areas[name] = add_area(
                community_id, details, by=admin_id, now=now, scope=EVERYWHERE
            )
    _organise(community, community_id, admin_id, plan, places, now)
    for building in community.buildings:
        if building.name not in places.buildings:
            estimated = building.estimated_residents
            add_building(
                BuildingDetails(
                    area_id=places.areas[building.area],
                    name=building.name,
                    name_en=building.name_en,
                    aliases=(building.alias,) if building.alias else (),
                    grid=building.grid,
                    estimated_residents=estimated,
                    estimated_on=plan.begins_on if estimated else None,
                ),
                by=admin_id,
                now=now,
                scope=EVERYWHERE,
            )
        step(1)


def _organise(
    community: CommunityPlan,
    community_id: int,
    admin_id: int,
    plan: DemoPlan,
    places: DemoPlaces,
    now: datetime,
) -> None:
    """Kinds, organisations and youth groups. Kinds that are added get a code of their own, so
    they are known by what was added with them: the organisations."""
    kinds = dict(places.kinds)
    words = {code: (name, name_en) for code, name, name_en in plan.kinds}
    for organisation in community.organisations:
        if organisation.name in places.organisations:
            continue
        if organisation.kind not in kinds:
            name, name_en = words[organisation.kind]
            kinds[organisation.kind] = places.kind_names.get(name) or add_organisation_kind(
                community_id, name, name_en, by=admin_id, now=now, scope=EVERYWHERE
            )
        details = OrganisationDetails(
            kinds[organisation.kind], organisation.name, organisation.name_en
        )
        places.organisations[organisation.name] = add_organisation(
            community_id, details, by=admin_id, now=now, scope=EVERYWHERE
        )
    for name, name_en in community.youth_groups:
        if name not in places.youth_groups:
            host = next(iter(places.organisations.values()))
            group = YouthGroupDetails(name, name_en, host)
            add_youth_group(community_id, group, by=admin_id, now=now, scope=EVERYWHERE)


# --- logins ---------------------------------------------------------------------------------


def found_logins(plan: DemoPlan, now: datetime, keys: Keys, step: Step) -> None:
    """The logins that README prints: staff by a grant, residents with the code on their strip."""
    meifu = read_demo_communities(EVERYWHERE)[MEIFU]
    there = read_login_ids([e164(login) for login in LOGINS])
    for login in LOGINS:
        if login.role is not None and login is not ADMIN:
            _grant(login, meifu, there.get(e164(login)), now)
        step(2)
    residents = _residents_by_name(plan, meifu.community_id)
    for login in (RESIDENT, GUARDIAN, LEADER):
        if e164(login) not in there:
            _bind(login, residents[login.name], keys, now)
    guardian_id = read_login_ids([e164(GUARDIAN)])[e164(GUARDIAN)]
    wards = [person.name for person in plan.meifu.people if person.consent_by == GUARDIAN.name]
    bound = read_acts_for(guardian_id, EVERYWHERE)
    for name in wards:
        child = residents[name]
        if child.resident_id not in bound:
            code = strip_code(keys.activation_code, child.card_number)
            bind_signed_in(
                child.passbook_number, code, Relation.GUARDIAN, by=guardian_id, keys=keys, now=now
            )


def _grant(login: LoginPlan, meifu: DemoCommunity, login_id: int | None, now: datetime) -> None:
    assert login.role is not None
    if login_id is None:
        new = NewGrant(login.role, login.phone, now.astimezone(ZONE).date(), None, login.name)
        if login.role is Role.SUB_DISTRICT_ADMIN:
            grant_sub_district_admin(meifu.sub_district_id, new, by=None, now=now, scope=EVERYWHERE)
        else:
            grant_role(meifu.community_id, new, by=None, now=now, scope=EVERYWHERE)
    set_password(login.phone, PASSWORD, now=now)


def _bind(login: LoginPlan, resident: DemoResident, keys: Keys, now: datetime) -> None:
    code = strip_code(keys.activation_code, resident.card_number)
    number = resident.passbook_number
    bind(
        Binding(number, code, Relation.SELF, PASSWORD, phone=login.phone),
        BROWSER,
        keys=keys,
        now=now,
    )


def _residents_by_name(plan: DemoPlan, community_id: int) -> dict[str, DemoResident]:
    """The planned people with their rows: both are in the order they were added."""
    return {
        person.name: resident
        for person, resident in zip(
            plan.meifu.people, residents_in_order(plan, community_id), strict=True
        )
    }


def residents_in_order(plan: DemoPlan, community_id: int) -> list[DemoResident]:
    """Meifu's residents in the order of ``plan.meifu.people``."""
    places = read_places(community_id, EVERYWHERE)
    by_building = read_people(community_id, EVERYWHERE)
    return [
        resident
        for building in plan.meifu.buildings
        for resident in by_building[places.buildings[building.name]]
    ]


# --- activities -----------------------------------------------------------------------------


def start_activities(plan: DemoPlan, now: datetime, step: Step) -> None:
    """Every community's activities with version 1 of their rules, by the organizer."""
    organizer_id = read_login_ids([e164(ORGANIZER)])[e164(ORGANIZER)]
    for name, community in read_demo_communities(EVERYWHERE).items():
        there = read_activities(community.community_id, EVERYWHERE)
        places = read_places(community.community_id, EVERYWHERE)
        planned = next(one for one in plan.communities if one.name == name)
        for activity in planned.activities:
            if activity.name not in there:
                group = activity.youth_group
                add_activity(
                    community.community_id,
                    ActivityPlan(
                        organisation_id=places.organisations[activity.organisation],
                        name=activity.name,
                        kind=activity.kind,
                        name_en=activity.name_en,
                        description=activity.description,
                        youth_group_id=places.youth_groups[group] if group else None,
                        measure=activity.measure,
                        ending=activity.ending,
                        default_minutes=activity.default_minutes,
                        takes_guests=activity.takes_guests,
                    ),
                    activity.rule,
                    by=organizer_id,
                    now=now,
                    scope=EVERYWHERE,
                )
            step(1)
