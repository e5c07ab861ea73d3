import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.access import (
    PERMISSIONS,
    ActsFor,
    Grant,
    Permission,
    Principal,
    Relation,
    Role,
    Scope,
)

MEIFU, JINGHUA = 1, 2
CHANGING = frozenset(Permission) - frozenset(
    permission for permission in Permission if permission.value.startswith("see_")
)


def somebody(*grants, acts_for=()):
    return Principal(7, 70, "陈秀英", grants=grants, acts_for=acts_for)


def acts(resident_id, community_id, relation=Relation.SELF):
    return ActsFor(resident_id, f"ref{resident_id}", community_id, "陈秀英", relation)


def test_every_role_has_its_permissions():
    assert set(PERMISSIONS) == set(Role)
    assert all(PERMISSIONS.values())


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SUB_DISTRICT_ADMIN])
def test_auditor_and_sub_district_only_read(role):
    assert not PERMISSIONS[role] & CHANGING


def test_a_leader_runs_one_event_and_never_sees_the_register():
    leader = somebody(Grant(Role.LEADER, MEIFU, event_id=5))
    assert leader.can(Permission.RECORD_SCANS, MEIFU, event_id=5)
    assert not leader.can(Permission.RECORD_SCANS, MEIFU, event_id=6)
    assert not leader.can(Permission.RECORD_SCANS, MEIFU)
    assert not leader.can(Permission.SEE_PEOPLE, MEIFU, event_id=5)
    assert leader.leads(5)
    assert not leader.leads(6)
    assert not leader.is_staff
    assert leader.communities_with(Permission.RECORD_SCANS) == frozenset()
    assert leader.scope == Scope.of(MEIFU)


def test_a_leaders_grant_names_the_event_and_no_other_grant_does():
    with pytest.raises(AssertionError):
        Grant(Role.LEADER, MEIFU)
    with pytest.raises(AssertionError):
        Grant(Role.ORGANIZER, MEIFU, event_id=5)


@given(
    st.sampled_from([role for role in Role if role is not Role.LEADER]),
    st.sampled_from(Permission),
)
def test_a_role_never_reaches_into_another_community(role, permission):
    person = somebody(Grant(role, MEIFU))
    assert person.can(permission, MEIFU) == (permission in PERMISSIONS[role])
    assert not person.can(permission, JINGHUA)
    assert not person.can(permission, JINGHUA, event_id=5)
    assert person.is_staff


def test_a_sub_districts_grant_is_given_once_for_each_community():
    person = somebody(
        Grant(Role.SUB_DISTRICT_ADMIN, MEIFU, sub_district_id=9),
        Grant(Role.SUB_DISTRICT_ADMIN, JINGHUA, sub_district_id=9),
    )
    assert person.communities_with(Permission.SEE_LEDGER) == {MEIFU, JINGHUA}
    assert person.communities_with(Permission.EDIT_PEOPLE) == frozenset()


def test_a_resident_acts_for_those_named_and_nobody_else():
    person = somebody(acts_for=(acts(3, MEIFU), acts(4, JINGHUA, Relation.GUARDIAN)))
    assert person.own == acts(3, MEIFU)
    assert person.may_act_for(4)
    assert not person.may_act_for(5)
    assert person.resident_by_ref("ref4") == acts(4, JINGHUA, Relation.GUARDIAN)
    assert person.resident_by_ref("ref5") is None
    assert person.scope == Scope.of(MEIFU, JINGHUA)
    assert not person.is_staff
    assert not any(person.can(permission, MEIFU) for permission in Permission)


def test_a_stranger_sees_nothing():
    assert somebody().scope == Scope.nothing()
    assert not somebody().scope.sees(MEIFU)
    assert somebody().own is None


def test_only_everything_sees_every_community():
    assert Scope.everything().sees(12345)
    assert Scope.of(MEIFU).sees(MEIFU)
    assert not Scope.of(MEIFU).sees(JINGHUA)


def test_the_domain_is_loaded_without_any_framework():
    program = """
import sys, volunteer.domain.access, volunteer.domain.tokens, volunteer.domain.names
print([name for name in ("flask", "flask_login", "sqlalchemy") if name in sys.modules])
"""
    found = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[]"
