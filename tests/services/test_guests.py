"""Guests: known by who they are at home, whichever of their two passbooks is named."""

from __future__ import annotations

from datetime import date

import pytest

from tests.scanning import as_device, as_leader, record, scan_row
from tests.services.test_event_end import attendances, end
from tests.services.test_scans import passbook
from tests.town import ENDS_AT, FRIDAY, STARTS_AT, Town
from volunteer.domain.refusals import Code
from volunteer.domain.scans import Recorder
from volunteer.store import models as m


@pytest.fixture
def home(both_town: Town) -> int:
    """The community next door."""
    return both_town.community("景华社区")


def visitor(town: Town, home: int, **more: object) -> tuple[int, str]:
    """A resident of ``home`` and their card's number."""
    resident_id = town.resident("王来", community_id=home, **more)
    return resident_id, town.card(resident_id, community_id=home)[1]


def guest_of(town: Town, event: int, number: str) -> int:
    (verdict,) = record(town, as_device(town.device()), scan_row(event, number, at=STARTS_AT))
    assert verdict.verdict == "accepted"
    assert verdict.resident_id is not None
    return verdict.resident_id


def test_a_guest_is_undone_in_the_same_upload(both_town: Town, home: int) -> None:
    _, number = visitor(both_town, home)
    event = both_town.event(both_town.activity(takes_guests=True))
    device = as_device(both_town.device())
    scan = scan_row(event, number)
    undo = scan_row(event, None, direction="undo", undoes=scan.client_id)
    first, second = record(both_town, device, scan, undo)
    assert (first.verdict, second.verdict, second.code) == ("accepted", "accepted", "undone")
    assert first.resident_id is not None
    assert passbook(both_town, first.resident_id)[:2] == (0, 0)
    assert record(both_town, device, scan, undo) == [first, second], "the name as well"


def test_a_child_who_visits_is_checked_out_with_the_others(both_town: Town, home: int) -> None:
    child, number = visitor(both_town, home, birth_date=date(2016, 5, 1))
    both_town._add(
        m.Consent,
        community_id=home,
        resident_id=child,
        what="guardian_consent",
        given=True,
        text_version="1",
        given_by="家长",
        given_at=FRIDAY,
    )
    event = both_town.event(both_town.activity(takes_guests=True))
    guest = guest_of(both_town, event, number)
    (verdict,) = end(both_town, event, as_leader(both_town, both_town.login()))
    assert verdict.verdict == "accepted"
    assert attendances(both_town) == {guest: (120, "leader")}


def test_nobody_ticks_their_own_guest_passbook(both_town: Town, home: int) -> None:
    """A6: the beneficiary is the person, not the passbook."""
    person, number = visitor(both_town, home)
    login = both_town.login(acts_for={person: "self"})
    activity = both_town.activity(takes_guests=True)
    guest = guest_of(both_town, both_town.event(activity), number)
    another = both_town.event(activity)
    row = scan_row(another, resident_id=guest, provenance="roll_call")
    (verdict,) = record(both_town, as_leader(both_town, login, person), row)
    assert verdict.code == Code.OWN_RECORD


def test_a_visiting_leaders_own_end_is_the_planned_one(both_town: Town, home: int) -> None:
    person, number = visitor(both_town, home)
    login = both_town.login(acts_for={person: "self"})
    event = both_town.event(both_town.activity(takes_guests=True))
    guest = guest_of(both_town, event, number)
    recorder = Recorder(
        login_id=login,
        acts_for=frozenset({person}),
        own_resident_ids=frozenset({person}),
        runs_event_ids=frozenset({event}),
    )
    late = ENDS_AT.replace(minute=40)
    end(both_town, event, recorder, ended_at=late, now=late)
    assert attendances(both_town) == {guest: (120, "leader")}
