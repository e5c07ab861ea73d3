"""The demo community: sums that are the report's, chapters that are loaded once."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from volunteer.cli.demo import load, replay, visitors
from volunteer.cli.demo.history import FRIDAY_DAY, Session, split, two_years_before
from volunteer.cli.demo.logins import GUARDIAN, LOGINS, PASSWORD, RESIDENT
from volunteer.cli.demo.plan import DemoPlan, build_plan, facts, sums_of_the_report
from volunteer.cli.demo.progress import Progress
from volunteer.domain.access import Scope
from volunteer.domain.pin import Personal, decide_password
from volunteer.domain.tokens import Keys
from volunteer.jobs.demo_today import add_todays_event
from volunteer.jobs.open_day import OPEN_DAY
from volunteer.queries.verify import read_report
from volunteer.store import models as m
from volunteer.store.database import db

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def plan() -> DemoPlan:
    return build_plan(TODAY)


# --- the plan -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first_start",
    [TODAY, date(2028, 2, 29), date(2027, 1, 1), date(2026, 12, 25), date(2027, 3, 1)],
)
def test_the_history_adds_up_to_the_report_whatever_day_it_ends_on(first_start: date) -> None:
    sums = sums_of_the_report()
    sessions = build_plan(first_start).sessions
    fridays = [one for one in sessions if one.activity == FRIDAY_DAY]
    groups = [one for one in sessions if one.activity != FRIDAY_DAY]
    assert (len(fridays), people_times(fridays)) == (420, 8500)
    assert (len(groups), people_times(groups)) == (120, 1500)
    assert (sums.friday_sessions, sums.group_person_times) == (420, 1500)
    assert {one.local_date.weekday() for one in fridays} == {4}
    assert sessions[0].local_date >= two_years_before(first_start)
    assert sessions[-1].local_date < first_start


def people_times(sessions: list[Session]) -> int:
    return sum(len(one.present) for one in sessions)


def test_nobody_is_in_two_places_or_twice_in_one(plan: DemoPlan) -> None:
    seen = Counter(
        (one.starts_at, present.person) for one in plan.sessions for present in one.present
    )
    assert max(seen.values()) == 1


def test_everybody_arrives_while_check_in_is_open_and_leaves_after(plan: DemoPlan) -> None:
    for session in plan.sessions:
        assert any(one.person == session.leader for one in session.present)
        for one in session.present:
            assert session.starts_at - timedelta(minutes=60) <= one.checked_in_at
            assert one.checked_in_at < session.starts_at + timedelta(minutes=20)
            assert one.left_at is None or one.checked_in_at < one.left_at <= session.ends_at


def test_whoever_tries_the_plain_resident_sees_what_residents_see(plan: DemoPlan) -> None:
    led_by = {plan.meifu.people[one.leader].name for one in plan.sessions}
    assert not led_by & {RESIDENT.name, GUARDIAN.name}
    assert len(led_by) >= 8


def test_the_same_first_day_gives_the_same_plan(plan: DemoPlan) -> None:
    assert build_plan(TODAY) == plan


def test_the_village_is_as_large_as_it_says(plan: DemoPlan) -> None:
    buildings = plan.meifu.buildings
    large = [one for one in buildings if 30 <= one.residents <= 50]
    assert (len(large), len(buildings)) == (12, 32)
    lives_in = Counter(person.building for person in plan.meifu.people)
    assert all(lives_in[one.name] == one.residents for one in buildings)
    assert len({person.name for person in plan.meifu.people}) == len(plan.meifu.people)
    assert [one.name for one in plan.communities] == [
        "梅富社区",
        "景华社区",
        "狮岭社区",
        "福中社区",
    ]
    assert len(plan.meifu.youth_groups) == 2


def test_every_child_has_a_guardians_consent(plan: DemoPlan) -> None:
    for community in plan.communities:
        for person in community.people:
            assert (person.birth_date is None) != (person.age_band is None)
            if person.birth_date and (TODAY - person.birth_date).days < 16 * 365:
                assert person.consent_by


def test_no_epidemic_in_what_is_made_up(plan: DemoPlan) -> None:
    said = str(facts()) + str(plan.communities) + str(plan.sessions[:50])
    for word in ("疫", "核酸", "隔离", "扫楼", "epidemic"):
        assert word not in said


def test_the_eight_logins() -> None:
    assert [login.phone for login in LOGINS] == [f"1380000000{n}" for n in range(1, 9)]
    for login in LOGINS:
        assert decide_password(PASSWORD, Personal(f"+86{login.phone}")) is None


@given(st.integers(1, 60), st.integers(0, 60), st.integers())
def test_split_is_uneven_and_exact(parts: int, extra: int, seed: int) -> None:
    sizes = split(10 * parts + extra % (parts + 1), parts, (5, 20), Random(seed))
    assert (len(sizes), sum(sizes)) == (parts, 10 * parts + extra % (parts + 1))
    assert all(5 <= size <= 20 for size in sizes)


# --- loading --------------------------------------------------------------------------------


@pytest.fixture
def short_plan(plan: DemoPlan, monkeypatch: pytest.MonkeyPatch) -> DemoPlan:
    """Everything but most of the history: three uploaded days and the last live ones."""
    keep = plan.sessions[:10] + plan.sessions[-4:]
    short = replace(plan, sessions=keep)
    monkeypatch.setattr(load, "build_plan", lambda _day: short)
    return short


def load_it(app: Flask, now: datetime = NOON) -> tuple[int, str]:
    out = io.StringIO()
    keys = Keys.derive(app.extensions["config"].secret_key.encode())
    return load.load_demo(keys=keys, now=now, out=out), out.getvalue()


def count(model: type[m.Base]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_chapters_are_loaded_once(both_app: Flask, short_plan: DemoPlan) -> None:
    chapters, said = load_it(both_app)
    keys = Keys.derive(both_app.extensions["config"].secret_key.encode())
    names = [chapter.name for chapter in load.chapters_of(short_plan, keys)]
    assert chapters == len(names) == len(set(names))
    assert names == sorted(names)
    assert f"1/{chapters}" in said
    assert "[100 %]" in said
    assert load.is_loaded()
    assert count(m.Attendance) == people_times(list(short_plan.sessions))
    assert count(m.Login) == 8
    assert (count(m.VisitingTeam), count(m.TeamMember)) == (1, visitors.PUPILS)
    before = {model.__tablename__: count(model) for model in (m.Resident, m.Event, m.Scan)}
    assert load_it(both_app, NOON + timedelta(days=3)) == (0, "")
    assert before == {model.__tablename__: count(model) for model in (m.Resident, m.Event, m.Scan)}
    report = read_report(Scope.everything())
    assert report.findings == []


@pytest.mark.parametrize("calls", [3, 8, 17, 26])
def test_a_load_that_was_killed_goes_on(
    both_app: Flask, short_plan: DemoPlan, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    """Killed in the middle of a chapter, after so many scans and ends; resumed the next day."""
    left = [calls]

    class Killed(BaseException):
        pass

    def dies(really):  # type: ignore[no-untyped-def]
        def call(*args, **kwargs):  # type: ignore[no-untyped-def]
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return really(*args, **kwargs)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(replay, "record_scans", dies(replay.record_scans))
        patched.setattr(replay, "end_event", dies(replay.end_event))
        patched.setattr(replay, "add_event", dies(replay.add_event))
        with pytest.raises(Killed):
            load_it(both_app)
    assert not load.is_loaded()
    load_it(both_app, NOON + timedelta(days=1))
    assert count(m.Attendance) == people_times(list(short_plan.sessions))
    ended = select(func.count()).where(m.Event.state == "ended")
    assert db.session.scalar(ended) == len(short_plan.sessions)
    assert read_report(Scope.everything()).findings == []


def test_history_has_each_days_own_time(app: Flask, short_plan: DemoPlan) -> None:
    load_it(app)
    rows = db.session.execute(
        select(m.Event.starts_at, m.Event.ends_at, m.Transfer.occurred_at, m.Transfer.posted_at)
        .join(m.Attendance, m.Attendance.event_id == m.Event.id)
        .join(m.Transfer, m.Transfer.attendance_id == m.Attendance.id)
    ).all()
    assert rows
    for row in rows:
        assert row.starts_at - timedelta(hours=1) <= row.occurred_at <= row.ends_at
        assert row.occurred_at <= row.posted_at < row.starts_at + timedelta(hours=13)


def test_todays_event_is_open_all_day_and_added_once_a_day(
    both_app: Flask, short_plan: DemoPlan
) -> None:
    load_it(both_app)
    assert add_todays_event(NOON) == {"added": 1}
    assert add_todays_event(NOON + timedelta(hours=2)) == {"added": 0}
    event = db.session.execute(
        select(m.Event).join(m.Activity).where(m.Activity.name == OPEN_DAY)
    ).scalar_one()
    assert event.starts_at == datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    assert event.ends_at - event.starts_at == timedelta(hours=24)
    leads = db.session.execute(
        select(m.EventLeader.resident_id)
        .join(m.LoginResident, m.LoginResident.resident_id == m.EventLeader.resident_id)
        .join(m.Login, m.Login.id == m.LoginResident.login_id)
        .where(m.EventLeader.event_id == event.id, m.Login.phone == "+8613800000007")
    ).all()
    assert len(leads) == 1
    assert add_todays_event(NOON + timedelta(days=1)) == {"added": 1}


def test_an_event_that_was_ended_is_followed_by_another(app: Flask, short_plan: DemoPlan) -> None:
    load_it(app)
    add_todays_event(NOON)
    with db.engine.begin() as connection:
        connection.execute(
            m.Event.__table__.update()  # type: ignore[attr-defined]
            .where(m.Event.ends_at > NOON, m.Event.starts_at < NOON)
            .values(state="ended", ended_at=NOON, ended_how="leader")
        )
    db.session.remove()
    assert add_todays_event(NOON + timedelta(minutes=5)) == {"added": 1}


def test_a_real_community_gets_no_event(both_app: Flask) -> None:
    assert add_todays_event(NOON) == {"added": 0}


# --- progress -------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar() -> None:
    out = Terminal()
    progress = Progress(4, out)
    progress.begin("1/1 居民")
    for _ in range(4):
        progress.step()
    progress.end("done")
    assert "░" in out.getvalue()
    assert "█" * 24 in out.getvalue()
    assert "100 %" in out.getvalue()


def test_anything_else_gets_plain_lines() -> None:
    out = io.StringIO()
    progress = Progress(4, out)
    progress.begin("1/1 居民")
    progress.step(4)
    progress.end("done")
    assert out.getvalue() == "[  0 %] 1/1 居民\n[100 %] done\n"


# --- all of it ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_whole_demo_is_in_the_books(app: Flask) -> None:
    """Loaded once in full: the report's sums stand in the tables, and the books are whole."""
    load_it(app)
    attended = (
        select(m.Activity.name, func.count(m.Event.id.distinct()), func.count())
        .select_from(m.Attendance)
        .join(m.Event, m.Event.id == m.Attendance.event_id)
        .join(m.Activity, m.Activity.id == m.Event.activity_id)
        .where(m.Attendance.state == "complete", m.Event.state == "ended")
        .group_by(m.Activity.name)
    )
    sums = {name: (events, times) for name, events, times in db.session.execute(attended)}
    assert sums.pop(FRIDAY_DAY) == (420, 8500)
    assert sum(events for events, _ in sums.values()) == 120
    assert sum(times for _, times in sums.values()) == 1500
    refused = select(func.count()).where(m.Scan.verdict == "refused")
    assert db.session.scalar(refused) == 0
    # A resident's minutes go beyond the window nowhere, and every way of checking in is there.
    provenances = set(db.session.scalars(select(m.Attendance.provenance).distinct()))
    assert provenances == {"card_scan", "roll_call", "rotating_code", "poster_code"}
    report = read_report(Scope.everything())
    assert report.findings == []
    assert report.attendances == 10_000
