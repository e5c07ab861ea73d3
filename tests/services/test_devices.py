"""Scanning devices, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select

from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.devices import DevicePlan
from volunteer.domain.refusals import Code, Refused
from volunteer.services.devices import add_device, revoke_device
from volunteer.store import models as m

PLAN = DevicePlan("广场扫码机", FRIDAY + timedelta(days=90))


def add(town: Town, made: DevicePlan = PLAN) -> tuple[int, str]:
    scope = Scope.of(town.community_id)
    return add_device(town.community_id, made, by=town.login(), now=FRIDAY, scope=scope)


def the_device(town: Town, device_id: int) -> m.Device:
    return town.write(lambda tx: tx.get_one(m.Device, device_id))


def refusal(call: object) -> Code:
    with pytest.raises(Refused) as refused:
        call()  # type: ignore[operator]
    return refused.value.refusal.code


def test_the_token_is_kept_only_as_a_hash(both_town: Town) -> None:
    device_id, token = add(both_town)
    row = the_device(both_town, device_id)
    assert row.token_hash == sha256(token.encode()).digest()
    assert len(token) >= 40
    assert add(both_town)[1] != token
    assert row.all_activities
    assert (row.daily_from_minute, row.daily_to_minute) == (0, 1440)
    assert (row.starts_at, row.expires_at) == (FRIDAY, FRIDAY + timedelta(days=90))
    facts = both_town.write(lambda tx: str(tx.execute(select(m.AuditEvent.facts)).all()))
    assert token not in facts


def test_a_device_for_some_activities(both_town: Town) -> None:
    first, second = both_town.activity("一"), both_town.activity("二")
    both_town.activity("三")
    device_id, _ = add(both_town, replace(PLAN, activity_ids=frozenset({first, second})))
    assert not the_device(both_town, device_id).all_activities
    allowed = both_town.write(
        lambda tx: set(tx.execute(select(m.DeviceActivity.activity_id)).scalars())
    )
    assert allowed == {first, second}


def test_revoking_is_for_good_and_keeps_the_first_time(both_town: Town) -> None:
    device_id, _ = add(both_town)
    by, scope = both_town.login(), Scope.of(both_town.community_id)
    revoke_device(device_id, by=by, now=FRIDAY, scope=scope)
    revoke_device(device_id, by=by, now=FRIDAY + timedelta(days=1), scope=scope)
    assert the_device(both_town, device_id).revoked_at == FRIDAY


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, Code.NAME_MISSING),
        ({"name": "长" * 121}, Code.TEXT_TOO_LONG),
        ({"expires_at": FRIDAY}, Code.DATE_INVALID),
        ({"expires_at": FRIDAY + timedelta(days=400)}, Code.DATE_INVALID),
        ({"daily_from_minute": 600, "daily_to_minute": 600}, Code.ENDS_BEFORE_IT_STARTS),
        ({"daily_from_minute": -1}, Code.ENDS_BEFORE_IT_STARTS),
        ({"activity_ids": frozenset({999})}, Code.NOT_FOUND),
    ],
)
def test_what_a_device_may_not_be(both_town: Town, changes: dict[str, object], code: Code) -> None:
    assert refusal(lambda: add(both_town, replace(PLAN, **changes))) == code  # type: ignore[arg-type]


def test_other_communities(both_town: Town) -> None:
    elsewhere = both_town.community("景华社区")
    device_id, _ = add(both_town)
    foreign = both_town.activity(
        community_id=elsewhere, organisation_id=both_town.organisation("居委会", elsewhere)
    )
    calls = (
        lambda: add(both_town, replace(PLAN, activity_ids=frozenset({foreign}))),
        lambda: revoke_device(device_id, by=1, now=FRIDAY, scope=Scope.of(elsewhere)),
        lambda: revoke_device(999, by=1, now=FRIDAY, scope=Scope.everything()),
        lambda: add_device(
            both_town.community_id, PLAN, by=1, now=FRIDAY, scope=Scope.of(elsewhere)
        ),
    )
    assert [refusal(call) for call in calls] == [Code.NOT_FOUND] * len(calls)
