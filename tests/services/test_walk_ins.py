"""Strangers check in with a name and a PIN; staff confirm or reject them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from tests.auditor import audit
from tests.scanning import as_device, record, scan_row
from tests.town import FRIDAY, PASSWORD, Town
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.visits import Visit
from volunteer.domain.walk_ins import MOST_BY_ADDRESS, MOST_BY_BROWSER
from volunteer.queries import events_public
from volunteer.queries.events import read_event
from volunteer.queries.rosters import read_roster
from volunteer.queries.scanning import read_here_count
from volunteer.queries.verify import read_report
from volunteer.queries.walk_ins import read_to_confirm
from volunteer.services import walk_ins
from volunteer.services.people import change_resident_state
from volunteer.services.sign_in import Browser, sign_in
from volunteer.services.walk_ins import Source, Stranger
from volunteer.store import models as m
from volunteer.store.database import db
from volunteer.store.walk_ins import came_from

PIN = "482913"
HERE = Source("10.0.0.7", "nonce", "WeChat · Android")


def a_visit(town: Town, event_id: int) -> Visit:
    return Visit(event_id, town.community_id, "rotating_code", FRIDAY, uuid4())


def walk_in(
    town: Town, event_id: int, name: str = "路过", source: Source = HERE, **more: object
) -> int:
    stranger = replace(Stranger(name, "18_plus", PIN), **more)  # type: ignore[arg-type]
    visit = a_visit(town, event_id)
    return walk_ins.walk_in(stranger, visit, source, keys=town.keys, now=FRIDAY).resident_id


def an_event(town: Town, **rule: int) -> int:
    return town.event(town.activity(rule=rule or {"fixed_points": 10, "points_per_hour": 12}))


def passbook(town: Town, resident_id: int) -> tuple[int, int, int]:
    account = m.Account
    found = select(account.balance_points, account.total_minutes, account.last_entry_no)
    row = town.write(lambda tx: tx.run(found.where(account.resident_id == resident_id)).one())
    return row[0], row[1], row[2]


def count(town: Town, model: type[m.Base]) -> int:
    return int(town.write(lambda tx: tx.run(select(func.count()).select_from(model)).scalar_one()))


def to_confirm(town: Town) -> int:
    return read_to_confirm(Scope.of(town.community_id), town.community_id, FRIDAY).total


def whole(town: Town) -> bool:
    db.session.remove()
    with db.engine.connect() as connection:
        assert audit(connection, town.community_id) == []
    return read_report(Scope.of(town.community_id)).is_whole


def confirm(town: Town, *residents: int, by: int | None = None, now: datetime = FRIDAY) -> int:
    by = by or town.login(roles=("organizer",))
    scope = Scope.of(town.community_id)
    return walk_ins.confirm(town.community_id, residents, by=by, now=now, scope=scope)


def reject(town: Town, *residents: int) -> int:
    by, scope = town.login(roles=("organizer",)), Scope.of(town.community_id)
    return walk_ins.reject(town.community_id, residents, by=by, now=FRIDAY, scope=scope)


def out(town: Town, event_id: int, resident_id: int) -> None:
    """They check out an hour later, by the number of their passbook."""
    number = select(m.Resident.passbook_number).where(m.Resident.id == resident_id)
    code = town.write(lambda tx: tx.run(number).scalar_one())
    later = FRIDAY + timedelta(hours=1)
    row = scan_row(event_id, code, direction="out", at=later)
    device = town.device(f"gate {resident_id}")
    assert record(town, as_device(device), row, now=later)[0].verdict == "accepted"


def test_a_stranger_is_there_at_once_and_earns_when_confirmed(both_town: Town) -> None:
    town = both_town
    building, event_id = town.building("12栋"), an_event(town)
    who = walk_in(town, event_id, building_id=building)
    out(town, event_id, who)
    present = select(m.Attendance.state).where(m.Attendance.resident_id == who)
    assert town.write(lambda tx: tx.run(present).scalar_one()) == "complete"
    assert passbook(town, who) == (0, 0, 0)
    assert count(town, m.BoardTotal) == 0
    assert whole(town)
    assert confirm(town, who) == 1
    assert passbook(town, who) == (22, 60, 2)
    totals = select(m.BoardTotal.points, m.BoardTotal.participants).where(
        m.BoardTotal.subject_id == building
    )
    assert set(town.write(lambda tx: tx.run(totals).all())) == {(22, 1)}
    assert whole(town)
    assert confirm(town, who) == 0, "a second tap posts nothing again"
    assert passbook(town, who) == (22, 60, 2)


def test_the_boards_of_the_events_own_days_move_however_late(both_town: Town) -> None:
    town = both_town
    building, event_id = town.building("12栋"), an_event(town)
    who = walk_in(town, event_id, building_id=building)
    assert confirm(town, who, now=FRIDAY + timedelta(days=40)) == 1
    found = select(m.BoardTotal.period_kind, m.BoardTotal.period_start)
    assert {tuple(row) for row in town.write(lambda tx: tx.run(found).all())} == {
        ("day", date(2026, 11, 20)),
        ("week", date(2026, 11, 16)),
        ("month", date(2026, 11, 1)),
        ("year", date(2026, 1, 1)),
        ("all", date(1970, 1, 1)),
    }
    assert whole(town)


def test_every_head_count_has_them_at_once(both_town: Town) -> None:
    town, scope, event_id = both_town, Scope.of(both_town.community_id), an_event(both_town)
    walk_in(town, event_id)
    db.session.remove()
    shown = read_event(scope, event_id, FRIDAY)
    assert shown is not None
    assert shown.row.counts.everybody == 1  # lists, the event's page, the code screen
    assert read_here_count(event_id, scope).came == 1  # the scanner
    assert read_roster(scope, event_id).counts.present == 1
    [public] = events_public.read_events(scope, date(2026, 11, 20), date(2026, 11, 20))
    assert public.taken == 1


def test_once_confirmed_the_next_scan_earns_at_once(both_town: Town) -> None:
    event_id = an_event(both_town)
    who = walk_in(both_town, event_id)
    confirm(both_town, who)
    out(both_town, event_id, who)
    assert passbook(both_town, who) == (22, 60, 2)
    assert whole(both_town)


def test_caps_see_what_was_confirmed_before(both_town: Town) -> None:
    town = both_town
    capped = {"fixed_points": 10, "cap_day_points": 15}
    who = walk_in(town, an_event(town, **capped))
    number = select(m.Resident.passbook_number).where(m.Resident.id == who)
    code = town.write(lambda tx: tx.run(number).scalar_one())
    record(town, as_device(town.device()), scan_row(an_event(town, **capped), code))
    confirm(town, who)
    assert passbook(town, who)[0] == 15
    assert whole(town)


def test_several_are_confirmed_together(both_town: Town) -> None:
    event_id = an_event(both_town, fixed_points=10)
    people = [
        walk_in(both_town, event_id, f"路人{n}", Source("10.0.0.7", f"{n}")) for n in "甲乙丙"
    ]
    assert to_confirm(both_town) == 3
    assert confirm(both_town, *people) == 3
    assert [passbook(both_town, who)[0] for who in people] == [10, 10, 10]
    assert to_confirm(both_town) == 0
    assert whole(both_town)


def test_an_invented_person_is_annulled_and_signed_out(both_town: Town) -> None:
    town, event_id = both_town, an_event(both_town)
    who = walk_in(town, event_id, phone="13800138000")
    assert reject(town, who) == 1
    assert passbook(town, who) == (0, 0, 0)
    assert whole(town)
    with pytest.raises(Refused) as refused:
        sign_in("13800138000", PIN, Browser(), keys=town.keys, now=FRIDAY)
    assert refused.value.refusal.code is Code.SIGN_IN_FAILED
    number = select(m.Resident.passbook_number).where(m.Resident.id == who)
    code = town.write(lambda tx: tx.run(number).scalar_one())
    verdict = record(town, as_device(town.device()), scan_row(event_id, code))[0]
    assert verdict.code == Code.RESIDENT_INACTIVE
    assert confirm(town, who) == 0, "for good"
    # The phone was nobody's proof: its owner can use it.
    assert walk_in(town, event_id, "真机主", Source("10.0.0.8", "b"), phone="13800138000")


def test_staff_confirm_on_the_page_of_the_person_too(both_town: Town) -> None:
    town, event_id = both_town, an_event(both_town, fixed_points=10)
    who, other = walk_in(town, event_id), walk_in(town, event_id, "又一位")
    by, scope = town.login(roles=("organizer",)), Scope.of(town.community_id)
    more = {"by": by, "now": FRIDAY, "scope": scope}
    change_resident_state(who, "active", FRIDAY.date(), **more)
    change_resident_state(other, "rejected", FRIDAY.date(), **more)
    assert (passbook(town, who)[0], passbook(town, other)[0]) == (10, 0)
    assert whole(town)


def test_nobody_confirms_themselves(both_town: Town) -> None:
    who = walk_in(both_town, an_event(both_town))
    by = both_town.login(roles=("organizer",), acts_for={who: "self"})
    with pytest.raises(Refused) as refused:
        confirm(both_town, who, by=by)
    assert refused.value.refusal.code is Code.OWN_RECORD


def test_another_community_confirms_nobody_here(both_town: Town) -> None:
    who = walk_in(both_town, an_event(both_town))
    with pytest.raises(Refused) as refused:
        walk_ins.confirm(both_town.community_id, [who], by=1, now=FRIDAY, scope=Scope.nothing())
    assert refused.value.refusal.code is Code.NOT_FOUND


def test_a_second_tap_finds_the_same_person(both_town: Town) -> None:
    town, event_id = both_town, an_event(both_town)
    visit, stranger = a_visit(town, event_id), Stranger("路过", "18_plus", PIN)
    first = walk_ins.walk_in(stranger, visit, HERE, keys=town.keys, now=FRIDAY)
    second = walk_ins.walk_in(stranger, visit, HERE, keys=town.keys, now=FRIDAY)
    assert first.resident_id == second.resident_id
    assert (count(town, m.Resident), count(town, m.Scan), count(town, m.SignInSession)) == (1, 1, 2)


def test_what_was_chosen_signs_in_later(both_town: Town) -> None:
    who = walk_in(both_town, an_event(both_town))
    number = select(m.Resident.passbook_number).where(m.Resident.id == who)
    code = both_town.write(lambda tx: tx.run(number).scalar_one())
    assert sign_in(code, PIN, Browser(), keys=both_town.keys, now=FRIDAY).login_id


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"name": " "}, Code.NAME_MISSING),
        ({"age_band": ""}, Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED),
        ({"age_band": "under_14"}, Code.CONSENT_MISSING),
        ({"phone": "12"}, Code.PHONE_INVALID),
        ({"phone": "13900139000"}, Code.PHONE_TAKEN),
        ({"pin": "123456"}, Code.PIN_TRIVIAL),
        ({"pin": "12"}, Code.PIN_FORMAT),
        ({"building_id": 987654}, Code.NOT_FOUND),
    ],
)
def test_what_is_refused_leaves_nobody(
    both_town: Town, more: dict[str, object], code: Code
) -> None:
    both_town.login("+8613900139000")
    event_id = an_event(both_town)
    with pytest.raises(Refused) as refused:
        walk_in(both_town, event_id, **more)
    assert refused.value.refusal.code is code
    assert (count(both_town, m.Resident), count(both_town, m.Scan)) == (0, 0)


def test_a_scan_that_is_refused_leaves_nobody(both_town: Town) -> None:
    activity = both_town.activity()
    event_id = both_town.event(activity, state="cancelled")
    with pytest.raises(Refused) as refused:
        walk_in(both_town, event_id)
    assert refused.value.refusal.code is Code.EVENT_CANCELLED
    assert (count(both_town, m.Resident), count(both_town, m.Login)) == (0, 0)


def test_one_phone_makes_few_people(both_town: Town) -> None:
    event_id = an_event(both_town)
    for number in range(MOST_BY_BROWSER):
        walk_in(both_town, event_id, f"路人{number}号")
    with pytest.raises(Refused) as refused:
        walk_in(both_town, event_id)
    assert refused.value.refusal.code is Code.WALK_INS_FULL
    assert walk_in(both_town, event_id, source=Source("10.0.0.7", "another phone"))


def test_one_address_makes_no_crowd(town: Town) -> None:
    event_id = an_event(town)
    who = walk_in(town, event_id)

    def crowd(tx: object) -> None:
        origin = came_from(town.keys.sign_in_throttle, HERE.address, None)
        for number in range(MOST_BY_ADDRESS - 1):
            other = m.WalkIn(
                community_id=town.community_id,
                resident_id=people[number],
                event_id=event_id,
                how="self",
                visit_id=uuid4(),
                address_hash=origin.address_hash,
                created_at=FRIDAY,
            )
            tx.add(other)  # type: ignore[attr-defined]

    people = [town.resident(f"路人{n}", state="provisional") for n in range(MOST_BY_ADDRESS - 1)]
    town.write(crowd)
    with pytest.raises(Refused) as refused:
        walk_in(town, event_id, source=Source(HERE.address, "new phone"))
    assert refused.value.refusal.facts["by"] == "address"
    assert walk_in(town, event_id, source=Source("10.9.9.9", "new phone"))
    assert who


def test_who_waits_is_listed_with_what_tells_them_apart(both_town: Town) -> None:
    town = both_town
    building, event_id = town.building("12栋"), an_event(town)
    town.resident("陈秀英")
    who = walk_in(town, event_id, "陈秀英", building_id=building, phone="13800138000")
    db.session.remove()
    scope = Scope.of(town.community_id)
    found = read_to_confirm(scope, town.community_id, FRIDAY)
    [one] = found.rows
    assert (one.resident_id, one.how, one.namesakes, one.attendances) == (who, "self", 1, 1)
    assert (one.place, one.phone, one.is_left_over) == ("梅富村 12栋", "+8613800138000", False)
    later = FRIDAY + timedelta(days=31)
    old = read_to_confirm(scope, town.community_id, later, only_left_over=True)
    assert (old.left_over, old.rows[0].is_left_over) == (1, True)
    assert read_to_confirm(Scope.nothing(), town.community_id, FRIDAY).rows == ()


def test_who_is_not_confirmed_at_home_is_no_guest(both_town: Town) -> None:
    town = both_town
    home = town.community("景华社区")
    stranger = town.resident("王来", community_id=home, state="provisional")
    number = town.card(stranger, community_id=home)[1]
    event_id = town.event(town.activity(takes_guests=True))
    verdict = record(town, as_device(town.device()), scan_row(event_id, number))[0]
    assert verdict.code == Code.NOT_CONFIRMED_AT_HOME


def test_a_password_is_no_pin(both_town: Town) -> None:
    with pytest.raises(Refused):
        walk_in(both_town, an_event(both_town), pin=PASSWORD)
