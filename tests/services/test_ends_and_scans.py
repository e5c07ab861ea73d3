"""An event's end and the scans around it: the same in the end, whichever came first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.scanning import as_device, as_leader, record, scan_row
from tests.services.test_event_end import attendances, end
from tests.services.test_scans import passbook
from tests.town import ENDS_AT, STARTS_AT, Town
from volunteer.domain.access import Scope
from volunteer.services.auto_close import close_forgotten
from volunteer.store import models as m

MINUTE = timedelta(minutes=1)
EVERYWHERE = Scope.everything()


@pytest.mark.parametrize("out_first", [True, False])
@pytest.mark.parametrize(("ended", "minutes"), [(0, 120), (10, 130), (30, 140)])
def test_a_late_check_out_counts_as_far_as_the_end(
    town: Town, out_first: bool, ended: int, minutes: int
) -> None:
    who = town.resident()
    number = town.card(who)[1]
    event = town.event(town.activity(rule={"points_per_hour": 60}))
    device, leader = as_device(town.device()), as_leader(town, town.login())
    now = ENDS_AT + 40 * MINUTE
    record(town, device, scan_row(event, number, at=STARTS_AT), now=STARTS_AT)
    out = scan_row(event, number, direction="out", at=ENDS_AT + 20 * MINUTE)
    if out_first:
        record(town, device, out, now=now)
    end(town, event, leader, ended_at=ENDS_AT + ended * MINUTE, now=now)
    if not out_first:
        record(town, device, out, now=now)
    assert attendances(town) == {who: (minutes, "own")}
    assert passbook(town, who)[0] == minutes // 15 * 15


@pytest.mark.parametrize(("ended_minutes", "minutes"), [(None, 45), (90, 90), (150, 120)])
def test_an_in_that_arrives_after_the_end_is_closed_too(
    both_town: Town, ended_minutes: int | None, minutes: int
) -> None:
    """By the job's end: the activity's default. By the leader's: theirs, as far as planned."""
    town = both_town
    who = town.resident()
    event = town.event(town.activity(rule={"points_per_hour": 60}, default_minutes=45))
    much_later = ENDS_AT + timedelta(hours=5)
    if ended_minutes is None:
        assert close_forgotten(now=much_later, scope=EVERYWHERE, keys=town.keys) == 1
    else:
        ended_at = STARTS_AT + ended_minutes * MINUTE
        leader = as_leader(town, town.login())
        end(town, event, leader, ended_at=ended_at, now=max(ended_at, ENDS_AT))
    kept_offline = scan_row(event, town.card(who)[1], at=STARTS_AT)
    record(town, as_device(town.device()), kept_offline, now=much_later)
    assert attendances(town) == {who: (0, None)}
    early = ENDS_AT + 119 * MINUTE
    assert close_forgotten(now=early, scope=EVERYWHERE, keys=town.keys) == 0
    assert close_forgotten(now=much_later, scope=EVERYWHERE, keys=town.keys) == 1
    assert attendances(town) == {who: (minutes, "auto")}
    assert close_forgotten(now=much_later, scope=EVERYWHERE, keys=town.keys) == 0


def test_what_cannot_be_closed_is_not_tried_again_for_ever(town: Town) -> None:
    who = town.resident()
    event = town.event(town.activity())
    record(town, as_device(town.device()), scan_row(event, town.card(who)[1]))
    town.write(lambda tx: tx.get(m.Resident, who).__setattr__("state", "deceased"))
    late = ENDS_AT + timedelta(hours=5)
    assert close_forgotten(now=late, scope=EVERYWHERE, keys=town.keys) == 1
    assert close_forgotten(now=late + MINUTE, scope=EVERYWHERE, keys=town.keys) == 0
    scans = select(func.count(m.Scan.id))
    assert town.write(lambda tx: tx.execute(scans).scalar_one()) == 2


def test_nobody_leaves_after_the_end(town: Town) -> None:
    who = town.resident()
    event = town.event(town.activity(rule={"points_per_hour": 10}))
    record(town, as_device(town.device()), scan_row(event, town.card(who)[1], at=STARTS_AT))
    ended_at = STARTS_AT + 60 * MINUTE
    end(town, event, as_leader(town, town.login()), ended_at=ended_at, left_at={who: ENDS_AT})
    assert attendances(town) == {who: (60, "leader")}
