"""Proving the ledger: what the app wrote is whole, what was changed behind it is found."""

from __future__ import annotations

import os
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import text

from tests.scanning import as_device, as_leader, record, scan_row
from tests.tampering import behind_the_app, restore, tamper
from tests.town import ENDS_AT, FRIDAY, STARTS_AT, Town
from volunteer.domain.access import Scope
from volunteer.domain.findings import Fault
from volunteer.queries import ledger_streams
from volunteer.queries.verify import Report, read_report
from volunteer.services.event_end import end_event
from volunteer.services.reversal import reverse_transfer
from volunteer.store.database import db

EVERYTHING = Scope.everything()
VOLUME = 1_000 if os.environ.get("FAULTS_VOLUME") == "full" else 100


@pytest.fixture
def village(both_town: Town) -> Town:
    """Eight people at three events with both parts of an award, one of them corrected later."""
    town = both_town
    buildings = [town.building(f"{number}栋") for number in range(3)]
    group = town.youth_group("小小巡逻兵")
    people = [
        town.resident(
            building_id=buildings[number % 3], youth_group_id=group if number % 2 else None
        )
        for number in range(8)
    ]
    cards = [town.card(who)[1] for who in people]
    device = as_device(town.device())
    activity = town.activity(rule={"fixed_points": 5, "points_per_hour": 10})
    leader = as_leader(town, town.login(roles=("organizer",)))
    for day in (14, 7, 0):
        moved = timedelta(days=day)
        starts_at, ends_at = STARTS_AT - moved, ENDS_AT - moved
        event = town.event(
            activity, starts_at=starts_at, ends_at=ends_at, local_date=(starts_at).date()
        )
        coming = cards if day else cards[:5]
        rows = [scan_row(event, card, at=starts_at) for card in coming]
        record(town, device, *rows, now=starts_at)
        for minutes_short in (30, 0) if day == 7 else (0,):
            end_event(
                event,
                ended_at=ends_at - timedelta(minutes=minutes_short),
                left_at={},
                recorder=leader,
                now=ends_at + timedelta(minutes=30 - minutes_short),
                scope=EVERYTHING,
                keys=town.keys,
            )
    return town


def faults(report: Report) -> set[Fault]:
    return {finding.fault for finding in report.findings}


def test_what_the_app_wrote_is_whole(village: Town) -> None:
    report = read_report(EVERYTHING)
    assert report.findings == []
    assert (report.passbooks, report.attendances) == (8, 21)
    # 21 check-ins and 21 check-outs, 8 of which were reversed and posted anew.
    assert report.transfers == report.lines == 58
    assert report.board_totals > 0


def test_pages_do_not_change_the_answer(village: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_streams, "PAGE", 3)
    report = read_report(EVERYTHING)
    assert (report.findings, report.lines, report.passbooks) == ([], 58, 8)


def test_only_the_communities_of_the_scope_are_read(village: Town) -> None:
    other = village.community("景华社区")
    report = read_report(Scope.of(other))
    assert (report.passbooks, report.transfers, report.board_totals) == (0, 0, 0)


@pytest.mark.faults
@pytest.mark.timeout(1200)
def test_whatever_is_changed_behind_the_app_is_found(village: Town) -> None:
    """A tenth of a thousand edits, drops, inserts and swaps; each undone before the next."""
    volume = VOLUME if db.engine.dialect.name == "sqlite" else VOLUME // 4
    done, missed, seed = 0, [], 0
    with behind_the_app() as raw:
        while done < volume:
            seed += 1
            change = tamper(raw, Random(seed))
            if change is None:
                continue
            done += 1
            if read_report(EVERYTHING).is_whole:
                missed.append(f"seed {seed}: {change.words}")
            restore(raw)
    assert missed == []
    assert read_report(EVERYTHING).is_whole, "the last change was not undone: the test is no test"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "UPDATE entry SET amount_points = amount_points + 1 WHERE entry_no = 2",
            {Fault.HASH_DIFFERS, Fault.LINE_DIFFERS, Fault.AFTER_DIFFERS},
        ),
        ("DELETE FROM entry WHERE entry_no = 1", {Fault.NUMBERING, Fault.LINE_MISSING}),
        ("UPDATE transfer SET reason = 'why not'", {Fault.HASH_DIFFERS}),
        ("DELETE FROM attendance", {Fault.AWARD_UNFOUNDED, Fault.BOARD_DIFFERS}),
        ("UPDATE board_total SET participants = participants + 1", {Fault.BOARD_DIFFERS}),
        ("DELETE FROM board_total", {Fault.BOARD_DIFFERS}),
        ("UPDATE attendance SET minutes = minutes + 60", {Fault.AWARD_DIFFERS}),
        (
            "UPDATE account SET balance_points = balance_points + 1000 WHERE kind = 'passbook'",
            {Fault.FIGURES_DIFFER, Fault.SUM_NOT_ZERO},
        ),
        (
            "UPDATE account SET balance_points = 9000000000000000000 WHERE kind = 'passbook'",
            {Fault.OUT_OF_RANGE},
        ),
        ("DELETE FROM transfer WHERE code = 'reversal'", {Fault.LINE_UNFOUNDED}),
        (
            "UPDATE transfer SET amount_points = 0, amount_minutes = 0 WHERE code = 'award'",
            {Fault.TRANSFER_SHAPE},
        ),
        (
            "UPDATE transfer SET reverses_id = NULL WHERE code = 'reversal'",
            {Fault.REVERSAL_DIFFERS},
        ),
        (
            "UPDATE transfer SET reverses_id = 1 WHERE code = 'reversal'",
            {Fault.REVERSED_TWICE, Fault.REVERSAL_DIFFERS},
        ),
        ("DELETE FROM account WHERE kind = 'passbook'", {Fault.PASSBOOK_MISSING}),
        ("UPDATE entry SET community_id = community_id + 1", {Fault.LINE_FOREIGN}),
        (
            "INSERT INTO attendance SELECT * FROM attendance WHERE id = -1",
            set(),
        ),
    ],
)
def test_each_fault_is_named(village: Town, statement: str, expected: set[Fault]) -> None:
    with behind_the_app() as raw:
        raw.execute(text(statement))
        raw.commit()
        found = faults(read_report(EVERYTHING))
        restore(raw)
    assert expected <= found
    assert bool(expected) == bool(found)


def test_two_attendances_of_one_person_are_found(village: Town) -> None:
    with behind_the_app() as raw:
        raw.execute(text("INSERT INTO attendance SELECT * FROM attendance"))
        raw.commit()
        assert Fault.ATTENDANCE_TWICE in faults(read_report(EVERYTHING))


def test_what_cannot_be_read_is_said_and_not_raised(village: Town) -> None:
    if db.engine.dialect.name != "sqlite":
        return  # PostgreSQL keeps no text in a date
    for statement in (
        "UPDATE transfer SET occurred_at = 'some time'",
        "UPDATE transfer SET facts = 'not JSON'",
        "UPDATE entry SET balance_after_points = 'ten'",
        "UPDATE transfer SET amount_points = 'ten'",
        "UPDATE entry SET hash = 'text'",
        "UPDATE attendance SET local_date = 'tomorrow'",
        "UPDATE board_total SET period_kind = 'decade'",
    ):
        with behind_the_app() as raw:
            raw.execute(text(statement))
            raw.commit()
            assert not read_report(EVERYTHING).is_whole, statement


def test_a_long_list_of_findings_ends(village: Town) -> None:
    with behind_the_app() as raw:
        raw.execute(text("UPDATE transfer SET reason = 'x'"))
        raw.commit()
        assert len(read_report(EVERYTHING, most_findings=3).findings) == 3


def test_a_running_system_can_be_proved(village: Town) -> None:
    """A scan that commits in the middle is not half seen: everything is one snapshot."""
    late = village.resident()
    number = village.card(late)[1]
    event = village.event(village.activity(name="义诊便民日"))
    device = as_device(village.device(token="another"))
    with ledger_streams.snapshot(EVERYTHING) as streams:
        before = sum(1 for _ in streams.passbooks())
        record(village, device, scan_row(event, number, at=FRIDAY))
        lines = sum(1 for _ in streams.lines())
        transfers = sum(1 for _ in streams.postings())
    assert (before, lines, transfers) == (9, 58, 58)
    assert read_report(EVERYTHING).lines == 59


def test_a_line_that_was_taken_back_leaves_the_books_whole(village: Town) -> None:
    """The attendance is annulled: it counts nowhere, and no award stands for it."""
    admin = village.login(roles=("community_admin",))
    with db.engine.connect() as connection:
        award = connection.execute(text("SELECT max(id) FROM transfer WHERE code = 'award'"))
        transfer_id = award.scalar_one()
    now = FRIDAY + timedelta(days=1)
    reverse_transfer(transfer_id, reason="记错了人", by=admin, now=now, scope=EVERYTHING)
    report = read_report(EVERYTHING)
    assert (report.findings, report.transfers) == ([], 60)
