"""record_scans on both databases: what a scan earns, every verdict, retries."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from tests.scanning import as_device, as_leader, as_self, new_id, record, scan_row
from tests.town import ENDS_AT, FRIDAY, STARTS_AT, Town
from volunteer.domain.refusals import Code
from volunteer.store import models as m

MINUTE = timedelta(minutes=1)


def passbook(town: Town, resident_id: int) -> tuple[int, int, int]:
    """(balance, minutes, lines) of a passbook."""
    account = select(
        m.Account.balance_points, m.Account.total_minutes, m.Account.last_entry_no
    ).where(m.Account.resident_id == resident_id)
    row = town.write(lambda tx: tx.execute(account).one())
    return tuple(row)  # type: ignore[return-value]


def board(town: Town, subject_id: int, kind: str = "month") -> tuple[int, int, int, int]:
    """(points, minutes, attendances, participants) of a building or group."""
    total = select(
        m.BoardTotal.points,
        m.BoardTotal.minutes,
        m.BoardTotal.attendances,
        m.BoardTotal.participants,
    ).where(m.BoardTotal.subject_id == subject_id, m.BoardTotal.period_kind == kind)
    row = town.write(lambda tx: tx.execute(total).first())
    return tuple(row) if row else (0, 0, 0, 0)  # type: ignore[return-value]


def test_a_card_in_and_out_earns_points_and_minutes(both_town: Town) -> None:
    town = both_town
    building = town.building("12栋")
    resident = town.resident(building_id=building)
    _, number, code = town.card(resident)
    event = town.event(town.activity(rule={"fixed_points": 10, "points_per_hour": 10}))
    device = as_device(town.device())

    (first,) = record(
        town, device, scan_row(event, f"https://love.example.cn/c/{code}", at=STARTS_AT)
    )
    assert (first.verdict, first.code) == ("accepted", "ok_in")
    assert first.facts["points"] == 10
    assert first.facts["balance_points"] == 10
    assert first.resident_name == "陈秀英"
    assert passbook(town, resident) == (10, 0, 1)
    assert board(town, building) == (10, 0, 1, 1)

    out_at = STARTS_AT + 95 * MINUTE
    (second,) = record(
        town, device, scan_row(event, number, direction="out", at=out_at), now=out_at
    )
    assert (second.verdict, second.code) == ("accepted", "ok_out")
    # 95 minutes are 6 whole quarter hours: 6 × 10 ÷ 4 = 15
    assert second.facts["points"] == 15
    assert second.facts["minutes"] == 95
    assert passbook(town, resident) == (25, 95, 2)
    for kind in ("day", "week", "month", "year", "all"):
        assert board(town, building, kind) == (25, 95, 1, 1)


def test_the_same_id_gets_the_first_answer_for_ever(both_town: Town) -> None:
    town = both_town
    resident = town.resident()
    card_id, number, _ = town.card(resident)
    event = town.event(town.activity())
    device = as_device(town.device())
    row = scan_row(event, number)
    first = record(town, device, row)
    assert first[0].verdict == "accepted"
    assert record(town, device, row, now=FRIDAY + timedelta(days=30)) == first
    town.write(
        lambda tx: tx.execute(
            text("UPDATE card SET state = 'revoked', ended_at = issued_at WHERE id = :id"),
            {"id": card_id},
        )
    )
    assert record(town, device, row) == first
    again = record(town, device, row, row)
    assert again == [*first, *first]
    reused = scan_row(event, number, direction="out", client_id=row.client_id)
    (answer,) = record(town, device, reused)
    assert (answer.verdict, answer.code) == ("refused", Code.SCAN_ID_REUSED)
    assert passbook(town, resident) == (10, 0, 1)


def test_a_second_scan_of_someone_present_is_already(both_town: Town) -> None:
    town = both_town
    resident = town.resident()
    _, number, _ = town.card(resident)
    event = town.event(town.activity())
    device = as_device(town.device())
    record(town, device, scan_row(event, number))
    (second,) = record(
        town, device, scan_row(event, number, at=FRIDAY + MINUTE), now=FRIDAY + MINUTE
    )
    assert (second.verdict, second.code) == ("already", "already_in")
    assert passbook(town, resident) == (10, 0, 1)


def test_an_out_before_its_in_waits_and_then_counts(both_town: Town) -> None:
    town = both_town
    resident = town.resident()
    _, number, _ = town.card(resident)
    event = town.event(town.activity(rule={"points_per_hour": 10}))
    device = as_device(town.device())
    out = scan_row(event, number, direction="out", at=STARTS_AT + 60 * MINUTE)
    (waiting,) = record(town, device, out, now=ENDS_AT)
    assert (waiting.verdict, waiting.code) == ("waiting", "out_before_in")
    (entered,) = record(town, device, scan_row(event, number, at=STARTS_AT), now=ENDS_AT)
    assert entered.verdict == "accepted"
    assert entered.facts["minutes"] == 60
    assert passbook(town, resident) == (10, 60, 1)


def test_an_undo_takes_back_what_its_recorder_scanned(both_town: Town) -> None:
    town = both_town
    building = town.building("12栋")
    resident = town.resident(building_id=building)
    _, number, _ = town.card(resident)
    event = town.event(town.activity())
    device = as_device(town.device())
    first = scan_row(event, number)
    record(town, device, first, scan_row(event, number, at=FRIDAY + MINUTE), now=FRIDAY + MINUTE)
    undo = scan_row(event, None, direction="undo", undoes=first.client_id, at=FRIDAY + 2 * MINUTE)
    (undone,) = record(town, device, undo, now=FRIDAY + 2 * MINUTE)
    assert (undone.verdict, undone.code) == ("accepted", "undone")
    assert undone.facts["points"] == -10
    assert passbook(town, resident) == (0, 0, 2)
    assert board(town, building) == (0, 0, 0, 0)
    (back,) = record(
        town, device, scan_row(event, number, at=FRIDAY + 3 * MINUTE), now=FRIDAY + 3 * MINUTE
    )
    assert back.verdict == "accepted"
    assert passbook(town, resident) == (10, 0, 3)
    assert board(town, building) == (10, 0, 1, 1)


def test_undo_refusals(both_town: Town) -> None:
    town = both_town
    resident = town.resident()
    _, number, _ = town.card(resident)
    event = town.event(town.activity())
    one, other = as_device(town.device()), as_device(town.device("another"))
    first = scan_row(event, number)
    record(town, one, first)

    def undo(recorder, minutes=1, **more):  # type: ignore[no-untyped-def]
        at = FRIDAY + minutes * MINUTE
        row = scan_row(event, more.pop("code", None), direction="undo", at=at, **more)
        return record(town, recorder, row, now=at)[0]

    assert undo(other, undoes=first.client_id).code == Code.UNDO_NOT_YOURS
    assert undo(one, 11, undoes=first.client_id).code == Code.UNDO_TOO_LATE
    assert undo(one, undoes=new_id()).code == Code.UNDO_UNKNOWN
    assert undo(one).code == Code.UNDO_UNKNOWN
    late = new_id()
    assert undo(one, undoes=late, code=number).code == "undo_before_scan"
    assert passbook(town, resident) == (10, 0, 1)


def test_refusals_of_cards_and_codes(both_town: Town) -> None:
    town = both_town
    event = town.event(town.activity())
    device = as_device(town.device())
    _, revoked, _ = town.card(town.resident(), state="revoked", ended_at=FRIDAY)
    _, replaced, _ = town.card(town.resident(), state="replaced", ended_at=FRIDAY)
    _, blank, _ = town.card(None)
    other = town.community("景华社区")
    _, foreign, _ = town.card(town.resident(community_id=other), community_id=other)
    _, gone, _ = town.card(town.resident(state="deceased"))
    child = town.resident("小明", birth_date=date(2016, 5, 1))
    _, childs, _ = town.card(child)
    answers = {
        "<script>": Code.CODE_MALFORMED,
        "https://evil.example/c/" + "A" * 20: Code.CODE_FOREIGN,
        "A" * 20: Code.CARD_UNKNOWN,
        "ABCDEF": Code.CODE_UNKNOWN,
        revoked: Code.CARD_REVOKED,
        replaced: Code.CARD_REPLACED,
        blank: Code.CARD_BLANK,
        foreign: Code.CARD_FOREIGN,
        gone: Code.RESIDENT_INACTIVE,
        childs: Code.CONSENT_MISSING,
    }
    rows = [scan_row(event, code) for code in answers]
    verdicts = record(town, device, *rows)
    assert [verdict.code for verdict in verdicts] == list(answers.values())
    assert {verdict.verdict for verdict in verdicts} == {"refused"}
    stored = town.write(
        lambda tx: tx.execute(select(m.Scan.code, m.Scan.resident_id).order_by(m.Scan.id)).all()
    )
    assert sorted(row.code for row in stored) == sorted(answers.values())
    assert dict(iter(stored))[Code.CONSENT_MISSING] is None
    town.consent(child)
    (taken,) = record(town, device, scan_row(event, childs))
    assert taken.verdict == "accepted"


@pytest.mark.parametrize(
    ("at", "now", "direction", "code"),
    [
        (STARTS_AT - 61 * MINUTE, STARTS_AT, "in", Code.CHECK_IN_NOT_OPEN),
        (ENDS_AT + MINUTE, ENDS_AT + MINUTE, "in", Code.CHECK_IN_CLOSED),
        (FRIDAY + 6 * MINUTE, FRIDAY, "in", Code.SCAN_IN_FUTURE),
        (FRIDAY, ENDS_AT + timedelta(hours=73), "in", Code.LATE_SCAN),
        (ENDS_AT + 121 * MINUTE, ENDS_AT + 121 * MINUTE, "out", Code.CHECK_OUT_CLOSED),
    ],
)
def test_refusals_of_time(both_town: Town, at, now, direction, code) -> None:  # type: ignore[no-untyped-def]
    town = both_town
    _, number, _ = town.card(town.resident())
    event = town.event(town.activity())
    device = as_device(town.device())
    (verdict,) = record(town, device, scan_row(event, number, at=at, direction=direction), now=now)
    assert verdict.code == code


def test_refusals_of_events_and_recorders(both_town: Town) -> None:
    town = both_town
    resident = town.resident()
    _, number, _ = town.card(resident)
    activity = town.activity()
    cancelled = town.event(activity, state="cancelled")
    event = town.event(activity)
    device = as_device(town.device())
    assert record(town, device, scan_row(cancelled, number))[0].code == Code.EVENT_CANCELLED
    assert record(town, device, scan_row(999_999, number))[0].code == Code.EVENT_UNKNOWN
    limited = as_device(town.device("limited", all_activities=False))
    assert record(town, limited, scan_row(event, number))[0].code == Code.DEVICE_NOT_ALLOWED
    early = as_device(town.device("early", daily_from_minute=0, daily_to_minute=600))
    assert record(town, early, scan_row(event, number))[0].code == Code.DEVICE_NOT_ALLOWED
    stranger = town.login()
    from volunteer.domain.scans import Recorder

    nobody = Recorder(login_id=stranger)
    assert record(town, nobody, scan_row(event, number))[0].code == Code.NOT_YOUR_EVENT
    own_login = town.login(acts_for={resident: "self"})
    leader = as_leader(town, own_login, resident)
    assert record(town, leader, scan_row(event, number))[0].code == Code.OWN_RECORD
    child = town.resident("小明", birth_date=date(2016, 5, 1))
    town.consent(child)
    town.acts_for(own_login, child, "guardian")
    _, childs, _ = town.card(child)
    assert record(town, leader, scan_row(event, childs))[0].code == Code.OWN_RECORD
    # … and the other way round: a young leader may not record their own guardian
    childs_login = town.login(acts_for={child: "self"})
    young = as_leader(town, childs_login, child)
    assert record(town, young, scan_row(event, number))[0].code == Code.OWN_RECORD


def test_a_full_event_keeps_self_check_ins_out_and_marks_staff_scans(both_town: Town) -> None:
    town = both_town
    event = town.event(town.activity(), capacity=1)
    one, two, three = (town.resident() for _ in range(3))
    selves = [as_self(town.login(acts_for={who: "self"}), who) for who in (one, two)]

    def row(who):  # type: ignore[no-untyped-def]
        return scan_row(event, provenance="rotating_code", resident_id=who)

    assert record(town, selves[0], row(one))[0].verdict == "accepted"
    full = record(town, selves[1], row(two))[0]
    assert (full.verdict, full.code) == ("refused", Code.EVENT_FULL)
    _, number, _ = town.card(three)
    staff = record(town, as_device(town.device()), scan_row(event, number))[0]
    assert (staff.verdict, staff.facts["override"]) == ("accepted", "over_capacity")
    kept = town.write(
        lambda tx: tx.execute(
            select(m.Attendance.override, m.Attendance.override_by).where(
                m.Attendance.resident_id == three
            )
        ).one()
    )
    assert kept.override == "over_capacity"
    assert kept.override_by.startswith("device:")


def test_a_guest_gets_a_guest_passbook_of_the_host(both_town: Town) -> None:
    town = both_town
    other = town.community("景华社区")
    visitor = town.resident("王来", community_id=other)
    _, number, _ = town.card(visitor, community_id=other)
    event = town.event(town.activity(takes_guests=True))
    device = as_device(town.device())
    first, second = record(
        town, device, scan_row(event, number), scan_row(event, number, at=FRIDAY + MINUTE)
    )
    assert (first.verdict, second.verdict) == ("accepted", "already")
    assert first.resident_id != visitor
    assert passbook(town, first.resident_id or 0) == (10, 0, 1)
    assert passbook(town, visitor) == (0, 0, 0)
    again = town.event(town.activity("巡逻", takes_guests=True))
    (third,) = record(town, device, scan_row(again, number))
    assert third.resident_id == first.resident_id


def test_staff_at_work_are_on_duty_and_earn_nothing(both_town: Town) -> None:
    town = both_town
    worker = town.resident()
    _, number, _ = town.card(worker)
    event = town.event(town.activity(), leaders={worker: True})
    device = as_device(town.device())
    (verdict,) = record(town, device, scan_row(event, number, at=STARTS_AT))
    assert verdict.verdict == "accepted"
    assert verdict.facts["on_duty"] is True
    record(town, device, scan_row(event, number, direction="out", at=ENDS_AT), now=ENDS_AT)
    assert passbook(town, worker) == (0, 0, 0)


def test_the_leaders_factor_and_the_caps(both_town: Town) -> None:
    town = both_town
    leader, member = town.resident(), town.resident()
    rule = {
        "fixed_points": 5,
        "points_per_hour": 10,
        "leader_factor_percent": 120,
        "cap_event_points": 20,
        "cap_day_points": 23,
    }
    activity = town.activity(rule=rule)
    event = town.event(activity, leaders={leader: False})
    later = town.event(activity, starts_at=ENDS_AT, ends_at=ENDS_AT + timedelta(hours=1))
    device = as_device(town.device())
    _, number, _ = town.card(leader)
    _, other, _ = town.card(member)

    def attend(number, event, start, end):  # type: ignore[no-untyped-def]
        rows = [scan_row(event, number, at=start), scan_row(event, number, direction="out", at=end)]
        record(town, device, *rows, now=end)

    attend(number, event, STARTS_AT, ENDS_AT)
    attend(other, event, STARTS_AT, ENDS_AT)
    # leader: 6 + 24 = 30 · member: 5 + 20 = 25 · both capped at 20; minutes never are
    assert passbook(town, leader)[:2] == (20, 120)
    assert passbook(town, member)[:2] == (20, 120)
    attend(number, later, ENDS_AT, ENDS_AT + timedelta(hours=1))
    assert passbook(town, leader)[:2] == (23, 180)


def test_a_later_out_posts_the_next_revision_and_reverses_the_old(both_town: Town) -> None:
    town = both_town
    resident = town.resident()
    _, number, _ = town.card(resident)
    event = town.event(town.activity(rule={"points_per_hour": 20}))
    device = as_device(town.device())
    record(town, device, scan_row(event, number, at=STARTS_AT), now=STARTS_AT)
    for minutes in (60, 90):
        at = STARTS_AT + minutes * MINUTE
        record(town, device, scan_row(event, number, direction="out", at=at), now=at)
    assert passbook(town, resident) == (30, 90, 3)
    codes = town.write(
        lambda tx: tx.execute(
            select(m.Transfer.code, m.Transfer.amount_points).order_by(m.Transfer.id)
        ).all()
    )
    assert [tuple(row) for row in codes] == [("award", 20), ("award", 30), ("reversal", 20)]


def test_a_batch_costs_the_same_statements_as_one_row(both_town: Town) -> None:
    from sqlalchemy import event as listen

    from volunteer.store.database import db

    town = both_town
    event = town.event(town.activity())
    device = as_device(town.device())
    building = town.building("12栋")
    numbers = [town.card(town.resident(building_id=building))[1] for _ in range(41)]
    statements: list[str] = []

    def count(_c, _cursor, statement, *_rest):  # type: ignore[no-untyped-def]
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            statements.append(statement)

    listen.listen(db.engine, "before_cursor_execute", count)
    record(town, device, scan_row(event, numbers[0]))
    single = len(statements)
    statements.clear()
    verdicts = record(town, device, *[scan_row(event, number) for number in numbers[1:]])
    assert {verdict.verdict for verdict in verdicts} == {"accepted"}
    assert len(statements) == single <= 13  # the device's token is one more: 14 in all
    assert board(town, building) == (410, 0, 41, 41)
