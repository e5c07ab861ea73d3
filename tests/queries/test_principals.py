import secrets
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, update

from tests.town import FRIDAY
from volunteer.domain.access import ActsFor, CommunityName, Grant, Relation, Role
from volunteer.domain.tokens import session_token_hash
from volunteer.queries.principals import read_principal
from volunteer.store import models as m
from volunteer.store.database import db
from volunteer.store.logins import record_session


def open_session(town, login_id):
    token = secrets.token_urlsafe(8)
    town.write(lambda tx: record_session(tx, login_id, token, "WeChat · iPhone", FRIDAY))
    return session_token_hash(token)


def change(town, model, row_id, **values):
    town.write(lambda tx: tx.run(update(model).where(model.id == row_id).values(**values)))


@pytest.fixture
def noise(both_town):
    """Other people's rows, which never show."""
    other = both_town.resident("王建国")
    both_town.event(both_town.activity(), leaders={other: False})
    login = both_town.login(acts_for={other: "self"}, roles=("community_admin", "auditor"))
    open_session(both_town, login)


def read(town, login_id, now=FRIDAY):
    return read_principal(open_session(town, login_id), now)


@pytest.mark.usefixtures("noise")
def test_a_person_is_their_residents_roles_and_led_events(both_town):
    town = both_town
    own, child = town.resident("陈秀英"), town.resident("陈小明", birth_date=date(2015, 3, 1))
    event_id = town.event(town.activity(), leaders={own: True})
    login = town.login(acts_for={own: "self", child: "guardian"}, roles=("organizer",))
    found = read(town, login).principal
    community = town.community_id
    assert found.login_id == login
    assert found.display_name == "林主任"
    assert [(one.resident_id, one.relation) for one in found.acts_for] == [
        (own, Relation.SELF),
        (child, Relation.GUARDIAN),
    ]
    assert isinstance(found.own, ActsFor)
    assert set(found.grants) == {
        Grant(Role.ORGANIZER, community),
        Grant(Role.LEADER, community, event_id=event_id),
    }
    assert found.communities == (CommunityName(community, "梅富社区", "Meifu", False),)


@pytest.mark.usefixtures("noise")
def test_it_takes_two_statements(both_town):
    login = both_town.login(roles=("organizer", "auditor"))
    token_hash = open_session(both_town, login)
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    read_principal(token_hash, FRIDAY)
    assert len([one for one in statements if not one.startswith("BEGIN")]) == 2


def test_a_sub_districts_role_reaches_each_of_its_communities(both_town):
    other = both_town.community("景华社区")
    login = both_town.login(roles=("sub_district_admin",))
    grants = read(both_town, login).principal.grants
    assert {grant.community_id for grant in grants} == {both_town.community_id, other}
    assert {grant.sub_district_id for grant in grants} == {both_town.sub_district_id}


def test_a_leader_by_guardianship_is_no_leader(both_town):
    child = both_town.resident("陈小明")
    both_town.event(both_town.activity(), leaders={child: False})
    assert read(both_town, both_town.login(acts_for={child: "guardian"})).principal.grants == ()


def test_an_events_leader_is_done_a_month_later(both_town):
    own = both_town.resident()
    both_town.event(both_town.activity(), leaders={own: False})
    login = both_town.login(acts_for={own: "self"})
    assert read(both_town, login, FRIDAY + timedelta(days=31)).principal.led_event_ids
    assert not read(both_town, login, FRIDAY + timedelta(days=32)).principal.led_event_ids


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "holds"),
    [
        (date(2026, 11, 20), None, True),
        (date(2026, 11, 21), None, False),
        (date(2026, 1, 1), date(2026, 11, 20), True),
        (date(2026, 1, 1), date(2026, 11, 19), False),
    ],
)
def test_a_role_holds_from_its_first_day_to_its_last(both_town, starts_on, ends_on, holds):
    login = both_town.login()
    grant = both_town.grant(login, "organizer")
    change(both_town, m.RoleGrant, grant, starts_on=starts_on, ends_on=ends_on)
    assert bool(read(both_town, login).principal.grants) == holds


def test_the_day_is_the_communitys_own(both_town):
    """At 17:00 in London it is tomorrow in Shanghai."""
    login = both_town.login()
    grant = both_town.grant(login, "organizer")
    change(both_town, m.RoleGrant, grant, ends_on=date(2026, 11, 20))
    evening = FRIDAY.replace(hour=15, minute=59)
    assert read(both_town, login, evening).principal.grants
    assert not read(both_town, login, evening + timedelta(minutes=1)).principal.grants


def test_what_is_revoked_is_gone_at_once(both_town):
    own = both_town.resident()
    login = both_town.login()
    grant = both_town.grant(login, "organizer")
    link = both_town.acts_for(login, own)
    assert read(both_town, login).principal.grants
    change(both_town, m.RoleGrant, grant, revoked_at=FRIDAY)
    change(both_town, m.LoginResident, link, revoked_at=FRIDAY)
    found = read(both_town, login).principal
    assert (found.grants, found.acts_for) == ((), ())


@pytest.mark.parametrize(
    "ending",
    [
        lambda town, login: change_session(town, login, revoked_at=FRIDAY),
        lambda town, login: change_session(town, login, expires_at=FRIDAY),
        lambda town, login: change(town, m.Login, login, deactivated_at=FRIDAY),
    ],
    ids=["revoked", "expired", "deactivated"],
)
def test_a_session_that_is_over_names_nobody(both_town, ending):
    login = both_town.login()
    token_hash = open_session(both_town, login)
    assert read_principal(token_hash, FRIDAY)
    ending(both_town, login)
    assert read_principal(token_hash, FRIDAY) is None


def change_session(town, login_id, **values):
    found = update(m.SignInSession).where(m.SignInSession.login_id == login_id)
    town.write(lambda tx: tx.run(found.values(**values)))


def test_a_token_that_was_never_given_names_nobody(both_town):
    assert read_principal(session_token_hash("guess"), FRIDAY) is None


def test_a_merged_resident_is_acted_for_no_more(both_town):
    kept, merged = both_town.resident("陈秀英"), both_town.resident("陈秀英")
    login = both_town.login(acts_for={kept: "self", merged: "helper"})
    change(both_town, m.Resident, merged, state="merged", merged_into_id=kept)
    assert [one.resident_id for one in read(both_town, login).principal.acts_for] == [kept]


@pytest.mark.parametrize(
    ("birthday", "own", "guardian"), [(14, [], ["child"]), (18, ["child"], ["child"])]
)
def test_rights_change_at_midnight_of_the_community(both_town, birthday, own, guardian):
    """The minute before and the minute of a birthday, by the community's own clock."""
    midnight = datetime(2026, 11, 21, tzinfo=ZoneInfo("Asia/Shanghai"))
    child = both_town.resident("陈小明", birth_date=date(2026 - birthday, 11, 21))
    logins = {
        "own": both_town.login(acts_for={child: "self"}),
        "guardian": both_town.login(acts_for={child: "guardian"}),
        "helper": both_town.login(acts_for={child: "helper"}),
    }

    def opens(who, now):
        return ["child" for _ in read(both_town, logins[who], now).principal.acts_for]

    before, after = midnight - timedelta(minutes=1), midnight
    assert (opens("own", before), opens("guardian", before)) == (own, guardian)
    assert opens("own", after) == ["child"]
    assert opens("guardian", after) == (["child"] if birthday == 14 else [])
    assert opens("helper", before) == opens("helper", after) == ["child"]
