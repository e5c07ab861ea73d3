"""Roles: nobody gives more than their own community, and a community keeps an admin."""

import threading
from datetime import date

import pytest
from sqlalchemy import select

from tests.town import FRIDAY, Town
from volunteer.domain.access import Role, Scope
from volunteer.domain.refusals import Code, Refused
from volunteer.services import roles as service
from volunteer.services.roles import COMMUNITY_ROLES, Granted, NewGrant
from volunteer.store import models as m
from volunteer.store.database import db

TODAY = date(2026, 11, 20)
PHONE = "+8613800138007"


class Hall:
    def __init__(self, town: Town) -> None:
        self.town = town
        self.admin = town.login(roles=("community_admin",))
        self.scope = Scope.of(town.community_id)

    def who(self) -> dict[str, object]:
        return {"by": self.admin, "now": FRIDAY, "scope": self.scope}

    def grant(self, **more: object) -> Granted:
        new = {"role": Role.ORGANIZER, "phone": "13800138007", "starts_on": TODAY} | more
        return service.grant_role(self.town.community_id, NewGrant(**new), **self.who())  # type: ignore[arg-type]

    def refused(self, **more: object) -> Code:
        with pytest.raises(Refused) as caught:
            self.grant(**more)
        return caught.value.refusal.code

    def end(self, grant_id: int) -> Code | None:
        try:
            service.end_grant(grant_id, **self.who())  # type: ignore[arg-type]
        except Refused as refused:
            return refused.refusal.code
        return None

    def grant_of(self, login_id: int) -> int:
        db.session.remove()
        return (
            db.session.scalars(
                select(m.RoleGrant.id)
                .where(m.RoleGrant.login_id == login_id)
                .order_by(m.RoleGrant.id.desc())
            ).first()
            or 0
        )


@pytest.fixture
def hall(both_town: Town) -> Hall:
    return Hall(both_town)


def test_a_role_is_given_to_whoever_signs_in_with_the_phone(hall: Hall) -> None:
    login = hall.town.login(PHONE)
    granted = hall.grant()
    assert (granted.login_id, granted.is_new_login) == (login, False)
    row = db.session.get_one(m.RoleGrant, granted.grant_id)
    assert (row.role, row.community_id, row.granted_by_login_id) == (
        "organizer",
        hall.town.community_id,
        hall.admin,
    )
    assert hall.refused() is Code.ALREADY_EXISTS
    hall.grant(role=Role.AUDITOR)


def test_somebody_new_gets_a_login_without_a_secret(hall: Hall) -> None:
    assert hall.refused() is Code.LOGIN_UNKNOWN
    granted = hall.grant(name="李活动")
    assert granted.is_new_login
    login = db.session.get_one(m.Login, granted.login_id)
    assert (login.name, login.phone, login.secret_hash) == ("李活动", PHONE, None)


def test_a_deactivated_login_gets_no_role(hall: Hall) -> None:
    hall.town.login(PHONE, deactivated_at=FRIDAY)
    assert hall.refused(name="李活动") is Code.LOGIN_UNKNOWN


def test_nobody_gives_more_than_their_own_community(hall: Hall) -> None:
    hall.town.login(PHONE)
    assert Role.SUB_DISTRICT_ADMIN not in COMMUNITY_ROLES
    assert hall.refused(role=Role.SUB_DISTRICT_ADMIN) is Code.PERMISSION_MISSING
    assert hall.refused(role=Role.LEADER) is Code.PERMISSION_MISSING
    new = NewGrant(Role.SUB_DISTRICT_ADMIN, "13800138007", TODAY)
    with pytest.raises(Refused) as caught:
        service.grant_sub_district_admin(hall.town.sub_district_id, new, **hall.who())  # type: ignore[arg-type]
    assert caught.value.refusal.code is Code.PERMISSION_MISSING
    hall.scope = Scope.of(hall.town.community("景华社区"))
    assert hall.refused() is Code.NOT_FOUND


def test_what_a_grant_may_not_say(hall: Hall) -> None:
    hall.town.login(PHONE)
    assert hall.refused(phone="110") is Code.PHONE_INVALID
    assert hall.refused(ends_on=date(2026, 11, 19)) is Code.DATES_REVERSED
    assert hall.refused(phone="13900139000", name="<李>") is Code.NAME_CHARACTERS


def test_the_command_line_names_the_sub_districts_admin(hall: Hall) -> None:
    everything = {"by": None, "now": FRIDAY, "scope": Scope.everything()}
    new = NewGrant(Role.SUB_DISTRICT_ADMIN, "13800138007", TODAY, name="街道小刘")
    granted = service.grant_sub_district_admin(hall.town.sub_district_id, new, **everything)  # type: ignore[arg-type]
    row = db.session.get_one(m.RoleGrant, granted.grant_id)
    assert (row.community_id, row.sub_district_id) == (None, hall.town.sub_district_id)
    # It is not a community admin's to end.
    assert hall.end(granted.grant_id) is Code.NOT_FOUND
    with pytest.raises(Refused) as caught:
        service.grant_sub_district_admin(4711, new, **everything)  # type: ignore[arg-type]
    assert caught.value.refusal.code is Code.NOT_FOUND


def test_a_role_ends_at_once_and_once(hall: Hall) -> None:
    hall.town.login(PHONE)
    granted = hall.grant()
    assert hall.end(granted.grant_id) is None
    row = db.session.get_one(m.RoleGrant, granted.grant_id)
    assert (row.ends_on, row.revoked_at) == (TODAY, FRIDAY)
    assert hall.end(granted.grant_id) is Code.CHANGED_MEANWHILE
    hall.grant()


def test_a_community_keeps_its_last_admin(hall: Hall) -> None:
    own = hall.grant_of(hall.admin)
    assert hall.end(own) is Code.LAST_ADMIN
    # None of these is an admin who stays: one leaves, one is to come, one cannot sign in.
    hall.town.login(PHONE)
    leaves = hall.grant(role=Role.COMMUNITY_ADMIN, ends_on=date(2026, 12, 31))
    assert hall.end(own) is Code.LAST_ADMIN
    assert hall.end(leaves.grant_id) is None
    coming = hall.grant(role=Role.COMMUNITY_ADMIN, starts_on=date(2026, 12, 1))
    assert hall.end(own) is Code.LAST_ADMIN
    assert hall.end(coming.grant_id) is None
    locked = hall.town.login(roles=("community_admin",), deactivated_at=FRIDAY)
    assert hall.end(own) is Code.LAST_ADMIN
    # An admin of another community is none here.
    elsewhere = hall.town.login()
    hall.town.grant(elsewhere, "community_admin", hall.town.community("景华社区"))
    assert hall.end(own) is Code.LAST_ADMIN
    assert hall.end(hall.grant_of(locked)) is None
    hall.town.login("+8613800138008", roles=("community_admin",))
    assert hall.end(own) is None


def test_two_admins_who_end_each_other_leave_one(hall: Hall) -> None:
    second = hall.town.login(roles=("community_admin",))
    grants = [hall.grant_of(hall.admin), hall.grant_of(second)]
    answers: list[Code | None] = []
    start = threading.Barrier(2)

    def end(grant_id: int) -> None:
        with hall.town.app.app_context():
            start.wait()
            answers.append(hall.end(grant_id))

    threads = [threading.Thread(target=end, args=(grant_id,)) for grant_id in grants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=str) == [None, Code.LAST_ADMIN]


def test_another_communitys_grant_is_not_found(hall: Hall) -> None:
    own = hall.grant_of(hall.admin)
    hall.scope = Scope.of(hall.town.community("景华社区"))
    assert hall.end(own) is Code.NOT_FOUND
