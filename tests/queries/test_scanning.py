"""What the leader's pages read, on both databases, among rows that are none of theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid5

import pytest

from tests.scanning import as_leader, new_id, scan_row
from tests.town import ENDS_AT, FRIDAY, STARTS_AT, Town
from volunteer.domain.access import Scope
from volunteer.domain.board import FEWEST_PARTICIPANTS
from volunteer.domain.scans import Recorder, Scan
from volunteer.queries import check_in, event_shown, roll_call, scanning
from volunteer.queries.rosters import read_roster
from volunteer.services.scans import record_scans

LOGIN = 1


class Scene:
    """An event with its leader, and another event of which nothing may be seen here."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.login_id = town.login(roles=("organizer",))
        self.activity_id = town.activity()
        self.event_id = town.event(self.activity_id)
        self.noise_id = town.event(self.activity_id)
        self.scope = Scope.of(town.community_id)
        noisy = town.resident("旁人")
        self.present(noisy, event_id=self.noise_id)
        self.record(scan_row(self.noise_id, resident_id=town.resident("另一人"), direction="out"))

    def record(self, *scans: Scan, recorder: Recorder | None = None) -> None:
        record_scans(
            scans,
            recorder or as_leader(self.town, self.login_id),
            now=FRIDAY,
            scope=self.scope,
            keys=self.town.keys,
        )

    def present(self, resident_id: int, *, event_id: int | None = None, **more: object) -> UUID:
        scan = scan_row(event_id or self.event_id, resident_id=resident_id, **more)  # type: ignore[arg-type]
        self.record(scan)
        return scan.client_id


@pytest.fixture
def scene(both_town: Town) -> Scene:
    return Scene(both_town)


def test_last_results_are_one_s_own(scene: Scene) -> None:
    names = [f"居民{n}" for n in "一二三四五六"]
    ids = [scene.present(scene.town.resident(name)) for name in names]
    found = scanning.read_last_results(scene.event_id, scene.login_id, scene.scope)
    assert [one.name for one in found] == names[::-1]
    assert all(one.undoable_until == FRIDAY + timedelta(minutes=10) for one in found)
    other = scene.town.login()
    assert scanning.read_last_results(scene.event_id, other, scene.scope) == []
    assert scanning.read_last_results(scene.event_id, scene.login_id, Scope.nothing()) == []
    [one] = scanning.read_results([ids[0]], scene.login_id, scene.scope)
    assert one.name == names[0]


def test_an_undone_scan_says_so(scene: Scene) -> None:
    scan_id = scene.present(scene.town.resident("陈秀英"))
    scene.record(
        scan_row(scene.event_id, direction="undo", undoes=scan_id, client_id=uuid5(scan_id, "undo"))
    )
    [one] = scanning.read_last_results(scene.event_id, scene.login_id, scene.scope)
    assert one.undone
    assert one.undoable_until is None


def test_who_came_and_who_is_still_here(scene: Scene) -> None:
    town = scene.town
    stays, leaves, waits = (town.resident(name) for name in ("陈秀英", "刘洋", "张伟"))
    scene.present(stays)
    scene.present(leaves)
    scene.record(scan_row(scene.event_id, resident_id=leaves, direction="out"))
    scene.record(scan_row(scene.event_id, resident_id=waits, direction="out"))
    assert scanning.read_here_count(scene.event_id, scene.scope) == scanning.HereCount(2, 1)
    [out] = scanning.read_waiting_outs(scene.event_id, scene.scope)
    assert (out.name, out.left_at) == ("张伟", FRIDAY)
    here = scanning.read_at_event(scene.event_id, scene.login_id, scene.scope)
    assert [(one.name, one.state) for one in here] == [("陈秀英", "present"), ("刘洋", "complete")]
    assert scanning.read_at_event(scene.event_id, scene.login_id, Scope.nothing()) == []
    states = check_in.read_here(scene.event_id, [stays, waits], scene.scope)
    assert states[stays].state == "present"
    assert waits not in states or states[waits].state == "undone"


def test_an_out_waits_until_its_own_recorder_takes_it_back(scene: Scene) -> None:
    """The same on the event's page and on the leader's."""
    town, scope = scene.town, scene.scope
    out = scan_row(scene.event_id, resident_id=town.resident("张伟"), direction="out")
    scene.record(out)

    def waiting() -> list[list[str]]:
        both = (
            scanning.read_waiting_outs(scene.event_id, scope),
            read_roster(scope, scene.event_id).waiting,
        )
        return [[one.name for one in found] for found in both]

    undo = scan_row(scene.event_id, direction="undo", undoes=out.client_id)
    scene.record(undo, recorder=as_leader(town, town.login()))
    assert waiting() == [["张伟"], ["张伟"]], "somebody else's undo is refused"
    scene.record(replace(undo, client_id=new_id()))
    assert waiting() == [[], []]


def test_roll_calls_know_what_to_undo(scene: Scene) -> None:
    called = scene.town.resident("陈秀英")
    scan_id = scene.present(called, provenance="roll_call", at=STARTS_AT)
    [one] = scanning.read_at_event(scene.event_id, scene.login_id, scene.scope)
    assert (one.roll_call_scan_id, one.roll_call_at, one.roll_call_from) == (
        scan_id,
        FRIDAY,
        STARTS_AT,
    )
    [seen_by_another] = scanning.read_at_event(scene.event_id, scene.town.login(), scene.scope)
    assert seen_by_another.roll_call_scan_id is None
    scene.record(
        scan_row(
            scene.event_id,
            direction="undo",
            undoes=scan_id,
            provenance="roll_call",
            at=STARTS_AT,
            client_id=new_id(),
        )
    )
    assert scanning.read_at_event(scene.event_id, scene.login_id, scene.scope) == []
    undone = scanning.read_undone_calls(scene.event_id, scene.login_id, scene.scope)
    assert undone == {called: STARTS_AT}


def test_candidates(scene: Scene) -> None:
    town = scene.town
    group_id = town.youth_group("小主人先锋队")
    town.resident("小队员", youth_group_id=group_id)
    activity_id = town.activity("小队活动", youth_group_id=group_id)
    leader_id = town.resident("李组长")
    week = timedelta(days=7)
    before = town.event(
        activity_id,
        starts_at=STARTS_AT - week,
        ends_at=ENDS_AT - week,
        local_date=(STARTS_AT - week).date(),
    )
    regular = town.resident("常来的人")
    record_scans(
        [scan_row(before, resident_id=regular, at=FRIDAY - week)],
        as_leader(town, scene.login_id),
        now=FRIDAY - week,
        scope=scene.scope,
        keys=town.keys,
    )
    event_id = town.event(activity_id, leaders={leader_id: False})
    found = roll_call.read_candidates(event_id, scene.scope)
    assert [(one.name, one.why) for one in found] == [
        ("李组长", "member"),
        ("小队员", "member"),
        ("常来的人", "recent"),
    ]
    assert roll_call.read_candidates(event_id, Scope.nothing()) == []


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("陈", {"陈秀英", "陈伟"}),
        ("chenxiu", {"陈秀英"}),
        ("CXY", {"陈秀英"}),
        ("100%", set()),
        ("_", set()),
        ("'; DROP", set()),
        ("没有这个人", set()),
    ],
)
def test_finding_people(scene: Scene, words: str, names: set[str]) -> None:
    town = scene.town
    town.resident("陈秀英")
    town.resident("陈伟")
    town.resident("陈搬走", state="moved_away")
    town.resident("陈外人", community_id=town.community("景华社区"))
    found = roll_call.find_candidates(words, scene.event_id, scene.scope)
    assert {one.name for one in found} == names


def test_finding_people_by_number(scene: Scene) -> None:
    resident_id = scene.town.resident("陈秀英")
    _, number, _ = scene.town.card(resident_id)
    for typed in (number, number[:8], number[4:8], "".join(chr(ord(d) + 0xFEE0) for d in number)):
        found = roll_call.find_candidates(typed, scene.event_id, scene.scope)
        assert [one.name for one in found] == ["陈秀英"], typed
    [again] = roll_call.read_by_ids([resident_id], scene.event_id, scene.scope)
    assert again.name == "陈秀英"


def test_events_around_now(scene: Scene) -> None:
    town = scene.town
    town.event(
        scene.activity_id, starts_at=FRIDAY + timedelta(days=2), ends_at=FRIDAY + timedelta(days=3)
    )
    town.event(scene.activity_id, state="cancelled")
    around = event_shown.read_events_around(FRIDAY, scene.scope)
    assert {one.event_id for one in around} == {scene.event_id, scene.noise_id}
    assert event_shown.read_events_around(FRIDAY, Scope.nothing()) == []
    assert event_shown.read_event_shown(scene.event_id, Scope.nothing()) is None
    shown = event_shown.read_event_shown(scene.event_id, scene.scope)
    assert shown is not None
    assert shown.opens_at == STARTS_AT - timedelta(minutes=60)
    assert shown.closes_at == ENDS_AT


def test_a_receipt_is_for_who_recorded_it(scene: Scene) -> None:
    building_id = scene.town.building("3栋")
    people = [
        scene.town.resident(f"邻居{n}", building_id=building_id) for n in range(FEWEST_PARTICIPANTS)
    ]
    ids = [scene.present(one) for one in people]
    lines = check_in.read_receipt(ids, scene.login_id, scene.scope)
    assert [line.balance_points for line in lines] == [10] * FEWEST_PARTICIPANTS
    assert {line.building_id for line in lines} == {building_id}
    assert check_in.read_receipt(ids, scene.town.login(), scene.scope) == []
    assert check_in.read_receipt(ids, scene.login_id, Scope.nothing()) == []
    day = FRIDAY.date()
    standing = check_in.read_building_standing(
        scene.town.community_id, building_id, day, scene.scope
    )
    assert standing is not None
    assert (standing.building_name, standing.rank) == ("3栋", 1)
    nothing = check_in.read_building_standing(
        scene.town.community_id, building_id, day, Scope.nothing()
    )
    assert nothing is None
