"""Uploads that share a transaction: each keeps its own name, card, scope and answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.conftest import HOST
from tests.scanning import as_device, as_self, record, scan_row
from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.scans import Batch, Recorder, Scan, Verdict
from volunteer.domain.tokens import parse_presented
from volunteer.services.scans import record_together
from volunteer.store import models as m
from volunteer.store import scan_facts
from volunteer.store.database import db

MINUTE = timedelta(minutes=1)


class Hall:
    """An event, two devices at its doors, somebody with a card."""

    def __init__(self, town: Town) -> None:
        self.town = town
        rule = {"fixed_points": 10, "points_per_hour": 12}
        self.event = town.event(town.activity(rule=rule))
        self.resident = town.resident("陈秀英")
        self.code = town.card(self.resident)[2]
        self.one = as_device(town.device("one"))
        self.two = as_device(town.device("two"))

    def send(self, *sent: tuple[Recorder, Scan], scope: Scope | None = None) -> list[Verdict]:
        now = max(scan.corrected_at for _, scan in sent)
        own = Scope.of(self.town.community_id)
        batches = [
            Batch([scan], by, now, self.town.keys, scope or own, self.town.community_id)
            for by, scan in sent
        ]
        return [verdict for verdicts in record_together(batches) for verdict in verdicts]

    def awards(self) -> list[tuple[str, int | None]]:
        found = db.session.execute(
            select(m.Transfer.facts, m.Transfer.recorded_by_device_id)
            .where(m.Transfer.code == "award")
            .order_by(m.Transfer.id)
        )
        return [(row.facts["part"], row.recorded_by_device_id) for row in found]


@pytest.fixture
def hall(both_town: Town) -> Hall:
    return Hall(both_town)


def test_an_award_bears_the_name_of_who_scanned_first(hall: Hall) -> None:
    first, second = (
        scan_row(hall.event, hall.code),
        scan_row(hall.event, hall.code, at=FRIDAY + MINUTE),
    )
    verdicts = hall.send((hall.one, first), (hall.two, second))
    assert [verdict.code for verdict in verdicts] == ["ok_in", "already_in"]
    assert hall.awards() == [("check_in", hall.one.device_id)]


def test_in_and_out_bear_the_names_of_their_doors(hall: Hall) -> None:
    into = scan_row(hall.event, hall.code)
    out = scan_row(hall.event, hall.code, direction="out", at=FRIDAY + 60 * MINUTE)
    verdicts = hall.send((hall.two, out), (hall.one, into))
    assert [verdict.code for verdict in verdicts] == ["ok_out", "ok_in"]
    assert hall.awards() == [
        ("check_in", hall.one.device_id),
        ("check_out", hall.two.device_id),
    ]


def test_one_card_shown_in_two_ways_is_known_in_both(hall: Hall) -> None:
    elsewhere = parse_presented(f"https://old.example.cn/c/{hall.code}", HOST)
    shown = scan_row(hall.event, hall.code)
    foreign = replace(scan_row(hall.event, at=FRIDAY + MINUTE), presented=elsewhere)
    for order in ([shown, foreign], [foreign, shown]):
        codes = [verdict.code for verdict in hall.send(*((hall.one, scan) for scan in order))]
        assert sorted(codes) == ["already_in", "ok_in"]


def test_nobody_ticks_from_a_list_that_is_not_theirs(hall: Hall) -> None:
    """A leader of another community, and somebody who acts only for themself."""
    stranger = hall.town.login("+8613800000077")
    elsewhere = Recorder(login_id=stranger, runs_community_ids=frozenset({99}))
    ticked = scan_row(hall.event, resident_id=hall.resident, provenance="roll_call")
    own = scan_row(hall.event, resident_id=hall.resident, provenance="rotating_code")
    ok = scan_row(hall.event, hall.code)
    verdicts = hall.send((hall.one, ok), (as_self(stranger, 0), own))
    assert [verdict.code for verdict in verdicts] == ["ok_in", "not_found"]
    (verdict,) = hall.send((elsewhere, ticked), scope=Scope.of(99))
    assert verdict.code == "event_unknown"


def test_an_undo_whose_scan_was_committed_meanwhile_looks_again(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL lets the scan be committed between the undo's two looks for it."""
    scan = scan_row(hall.event, hall.code)
    record(hall.town, hall.one, scan)
    undo = scan_row(None, direction="undo", undoes=scan.client_id, at=FRIDAY + MINUTE)
    looks = []

    def blind_at_first(*arguments: object) -> list[tuple[int, int | None]]:
        looks.append(1)
        return load(*arguments) if len(looks) > 1 else []  # type: ignore[arg-type]

    load = scan_facts._load_undone
    monkeypatch.setattr(scan_facts, "_load_undone", blind_at_first)
    (verdict,) = hall.send((hall.one, undo))
    assert (verdict.code, len(looks)) == ("undone", 2)
