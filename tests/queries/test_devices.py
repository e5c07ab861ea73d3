"""Scanning devices as their page shows them, on both databases."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.queries.devices import DeviceState, read_devices
from volunteer.store import models as m


def test_devices_with_what_they_may_and_when_they_were_heard_of(both_town: Town) -> None:
    town = both_town
    elsewhere = town.community("景华社区")
    town.device("other", community_id=elsewhere, name="景华机")
    revoked = town.device("a", revoked_at=FRIDAY, name="一")
    expired = town.device("b", expires_at=FRIDAY, name="二")
    active = town.device("c", all_activities=False, name="三", created_by_login_id=town.login())
    activity_id = town.activity("清扫")
    town._add(
        m.DeviceActivity,
        community_id=town.community_id,
        device_id=active,
        activity_id=activity_id,
    )
    for minutes in (0, 5):
        town._add(
            m.Scan,
            community_id=town.community_id,
            client_id=uuid4(),
            body_hash=bytes(32),
            device_id=active,
            direction="in",
            provenance="card_scan",
            scanned_at=FRIDAY,
            received_at=FRIDAY + timedelta(minutes=minutes),
            corrected_at=FRIDAY,
            verdict="refused",
            code="card_unknown",
            facts={},
        )
    rows = read_devices(Scope.of(town.community_id), town.community_id, FRIDAY)
    assert [(row.device_id, row.state) for row in rows] == [
        (active, DeviceState.ACTIVE),
        (expired, DeviceState.EXPIRED),
        (revoked, DeviceState.REVOKED),
    ]
    assert [one.name for one in rows[0].activities] == ["清扫"]
    assert rows[0].last_seen_at == FRIDAY + timedelta(minutes=5)
    assert (rows[1].last_seen_at, rows[1].activities) == (None, ())
    assert rows[0].created_by == "林主任"
    assert read_devices(Scope.of(elsewhere), town.community_id, FRIDAY) == []
