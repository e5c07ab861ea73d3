"""Uploads that share a transaction: each keeps its own name, card, scope and answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.conftest import HOST, app_on
from tests.scanning import as_device, as_self, record, scan_row
from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.scans import Batch, Recorder, Scan, Verdict
from volunteer.domain.tokens import parse_presented
from volunteer.services.scans import record_together
from volunteer.store import models as m
from volunteer.store import scan_facts
from volunteer.store.database import Tx, db

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
        return [verdict for verdicts in record_together(lambda: batches) for verdict in verdicts]

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


@pytest.fixture
def hall_on_postgresql(postgresql_url: str, tmp_path: Path) -> Iterator[Hall]:
    for app in app_on(postgresql_url, tmp_path):
        yield Hall(Town(app))


@pytest.mark.postgresql
@pytest.mark.parametrize("edit", ["cancelled", "rule"])
def test_an_event_edited_meanwhile_is_looked_at_again(
    hall_on_postgresql: Hall, monkeypatch: pytest.MonkeyPatch, edit: str
) -> None:
    """PostgreSQL lets an edit be committed between a scan's look at the event and its writing."""
    hall = hall_on_postgresql
    activity = db.session.scalar(select(m.Event.activity_id).where(m.Event.id == hall.event))
    newest = hall.town.rule(activity or 0, 2, fixed_points=25)
    change = {"cancelled": {"state": "cancelled"}, "rule": {"points_rule_id": newest}}[edit]
    load, looks = scan_facts.load_events, []

    def edited_after(tx: Tx, *found: Any) -> None:
        load(tx, *found)
        looks.append(1)
        if len(looks) == 1:
            with db.engine.begin() as other:
                other.execute(update(m.Event).values(**change))

    monkeypatch.setattr(scan_facts, "load_events", edited_after)
    (verdict,) = hall.send((hall.one, scan_row(hall.event, hall.code)))
    assert len(looks) == 2
    if edit == "cancelled":
        assert verdict.code == "event_cancelled"
    else:
        assert verdict.facts["points"] == 25
