"""A school class comes, is called, leaves, and comes again; its people write themselves down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from tests.auditor import audit
from tests.conftest import app_on
from tests.scanning import as_leader, record, scan_row
from tests.town import FRIDAY, Town
from volunteer.domain import walk_ins as limits
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.scans import Recorder
from volunteer.queries.roll_call import read_candidates
from volunteer.queries.visiting_teams import (
    TeamRow,
    read_team,
    read_team_code,
    read_team_members,
    read_team_visits,
    read_teams,
    read_teams_at,
)
from volunteer.services import visiting_teams as teams
from volunteer.services import walk_ins
from volunteer.services.merges import Wish, merge_residents
from volunteer.services.team_people import Joiner, ListOfPeople, add_people, end_member, join_team
from volunteer.services.visiting_teams import TeamDetails
from volunteer.store import models as m
from volunteer.store.database import db
from volunteer.store.models.base import table_of

TODAY = date(2026, 11, 20)
NAMES = ("林一", "林二", "林三")


@dataclass
class Scene:
    town: Town
    event_id: int
    recorder: Recorder
    scope: Scope

    @property
    def by(self) -> dict[str, Any]:
        return {"by": self.recorder.login_id, "now": FRIDAY, "scope": self.scope}

    def details(self, **more: Any) -> TeamDetails:
        kind = self.town.write(lambda tx: tx.run(select(m.OrganisationKind.id)).first()[0])
        return replace(TeamDetails("实验小学三（2）班", kind), **more)

    def team(self, **more: Any) -> int:
        details = self.details(**more)
        return teams.add_team(self.town.community_id, details, event_id=self.event_id, **self.by)

    def add(self, team_id: int, *names: str, **more: Any) -> int:
        recorder = more.pop("recorder", self.recorder)
        given: Any = {"age_band": "18_plus", "form_id": uuid4(), "vouched": True} | more
        people = ListOfPeople(team_id, names or NAMES, event_id=self.event_id, **given)
        return add_people(people, recorder, keys=self.town.keys, now=FRIDAY, scope=self.scope)

    def join(self, team_id: int, name: str, form_id: UUID | None = None, **more: Any) -> str:
        given = {"address": "1.2.3.4", "browser_nonce": uuid4().hex, "age_band": "18_plus"} | more
        joiner = Joiner(name, form_id=form_id or uuid4(), **given)
        ref = self.visit(team_id).ref
        return join_team(ref, joiner, keys=self.town.keys, now=FRIDAY)

    def row(self, team_id: int) -> TeamRow:
        db.session.remove()
        found = read_team(self.scope, team_id, today=TODAY)
        assert found is not None
        return found

    def visit(self, team_id: int) -> Any:
        [one] = read_team_visits(self.row(team_id), event_id=self.event_id)
        return one

    def members(self, team_id: int) -> list[Any]:
        return read_team_members(self.row(team_id), today=TODAY, event_id=self.event_id)

    def call(self, team_id: int, direction: str = "in", **more: Any) -> list[str]:
        rows = [
            scan_row(
                self.event_id,
                direction=direction,
                provenance="roll_call",
                resident_id=one.resident_id,
                **more,
            )
            for one in self.members(team_id)
        ]
        now = more.get("at", FRIDAY)
        return [one.code for one in record(self.town, self.recorder, *rows, now=now)]

    def whole(self) -> bool:
        db.session.remove()
        with db.engine.connect() as connection:
            return audit(connection, self.town.community_id) == []


@pytest.fixture
def scene(both_town: Town) -> Scene:
    return scene_in(both_town)


def scene_in(town: Town) -> Scene:
    activity = town.activity(rule={"points_per_hour": 10})
    recorder = as_leader(town, town.login(roles=("organizer",)))
    return Scene(town, town.event(activity), recorder, Scope.of(town.community_id))


def refused(work: Any, *args: Any, **more: Any) -> Code:
    with pytest.raises(Refused) as raised:
        work(*args, **more)
    return raised.value.refusal.code


def test_a_class_is_called_leaves_and_comes_again(scene: Scene) -> None:
    town = scene.town
    team = scene.team(has_minors=True, accompanied_by="周老师", expected=3)
    assert scene.add(team, age_band="under_14") == 3
    assert scene.add(team, *NAMES, "林四", age_band="under_14") == 1  # the list, with one more
    assert scene.call(team) == ["ok_in"] * 4
    assert scene.call(team, "out", at=FRIDAY + timedelta(minutes=60)) == ["ok_out"] * 4
    visit = scene.visit(team)
    assert (visit.people, visit.still_here, visit.minutes, visit.points) == (4, 0, 240, 40)
    consents = select(m.Consent.given_by, m.Consent.text_version)
    given = town.write(lambda tx: {tuple(row) for row in tx.run(consents)})
    assert given == {("周老师", "2026-11-class")}
    places = select(m.Attendance.building_id, m.Attendance.youth_group_id)
    assert town.write(lambda tx: {tuple(row) for row in tx.run(places)}) == {(None, None)}
    on_boards = select(m.BoardTotal.subject_id)
    assert town.write(lambda tx: tx.run(on_boards).all()) == []

    [again] = read_teams(scene.scope, town.community_id, today=TODAY, q="实验")
    assert (again.team_id, again.members, again.events, again.last_on) == (team, 4, 1, TODAY)
    later = town.event(town.activity("护学岗"))
    assert read_teams(scene.scope, town.community_id, today=TODAY, not_at=scene.event_id) == []
    more: Any = {"now": FRIDAY, "scope": scene.scope}
    for _ in range(2):
        teams.bring_team(team, later, scene.recorder, **more)
    assert [one.event_id for one in read_team_visits(scene.row(team))] == [later, scene.event_id]
    assert read_teams_at(scene.scope, scene.event_id) == [(team, "实验小学三（2）班", None, 4)]
    assert scene.whole()


def test_children_need_the_adult_who_comes_with_them(scene: Scene) -> None:
    team = scene.team(has_minors=True)
    assert refused(scene.add, team, age_band="under_14") is Code.CLASS_CONSENT_MISSING
    assert refused(scene.join, team, "林一", age_band="under_14") is Code.CLASS_CONSENT_MISSING
    assert refused(teams.agree_for_team, team, " ", **scene.by) is Code.NAME_MISSING
    teams.agree_for_team(team, "周老师", **scene.by)
    row = scene.row(team)
    assert (row.consent_by, row.consent_at, row.consent_text_version) == (
        "周老师",
        FRIDAY,
        "2026-11-class",
    )
    assert scene.add(team, age_band="under_14") == 3
    assert scene.call(team) == ["ok_in"] * 3


def test_what_a_leader_writes_is_confirmed_by_staff(scene: Scene) -> None:
    team = scene.team()
    form_id = uuid4()
    assert scene.add(team, vouched=False, form_id=form_id) == 3
    assert scene.add(team, vouched=False, form_id=form_id) == 0
    assert scene.call(team) == ["ok_in"] * 3
    scene.call(team, "out", at=FRIDAY + timedelta(minutes=60))
    visit = scene.visit(team)
    assert (visit.people, visit.to_confirm, visit.minutes) == (3, 3, 0)
    ids = [one.resident_id for one in scene.members(team)]
    assert walk_ins.confirm(scene.town.community_id, ids, **scene.by) == 3
    visit = scene.visit(team)
    assert (visit.to_confirm, visit.minutes, visit.points) == (0, 180, 30)
    assert scene.whole()


def test_a_teams_people_write_themselves_down(scene: Scene) -> None:
    team = scene.team()
    form_id = uuid4()
    assert scene.join(team, " 林　一 ", form_id) == "林 一"
    assert scene.join(team, "林 一", form_id) == "林 一"
    [one] = scene.members(team)
    assert (one.name, one.provisional, one.attendance) == ("林 一", True, "present")
    scene.add(team, "林二")
    assert scene.join(team, "林二") == "林二"  # on the books: the leader calls the name
    here = {one.name: one.attendance for one in scene.members(team)}
    assert here == {"林 一": "present", "林二": None}
    scene.add(team, "林三", vouched=False)
    scene.join(team, "林三")
    assert len(scene.members(team)) == 3
    assert scene.visit(team).people == 2
    code = read_team_code(scene.visit(team).ref)
    assert code is not None
    assert (code.event_id, code.name) == (scene.event_id, "实验小学三（2）班")
    assert scene.whole()
    teams.set_team_active(team, False, **scene.by)
    assert refused(scene.join, team, "林四") is Code.NOT_FOUND
    assert read_team_code(scene.visit(team).ref) is None


def rush(scene: Scene, team: int, joiners: list[Joiner]) -> int:
    """All at once; gives how many people the team has then."""
    ref, app = scene.visit(team).ref, scene.town.app
    start = Barrier(len(joiners))

    def one(joiner: Joiner) -> None:
        with app.app_context():
            start.wait()
            with suppress(Refused):
                join_team(ref, joiner, keys=scene.town.keys, now=FRIDAY)
            db.session.remove()

    with ThreadPoolExecutor(len(joiners)) as pool:
        list(pool.map(one, joiners))
    return len(scene.members(team))


def test_a_crowd_is_counted_one_by_one(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volunteer.services.team_people.MOST_IN_TEAM", 3)
    form_id = uuid4()
    same = [Joiner("林一", "18_plus", form_id, browser_nonce="one")] * 6
    assert rush(scene, scene.team(), same) == 1
    many = [Joiner(f"林{n}", "18_plus", uuid4(), browser_nonce=f"{n}") for n in "一二三四五六"]
    assert rush(scene, scene.team(name="二队"), many) == 3
    assert scene.whole()


@pytest.mark.postgresql
def test_a_crowd_is_not_counted_without_the_teams_lock(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: SQLite has one writer at a time whatever is locked."""
    monkeypatch.setattr("volunteer.services.team_people.MOST_IN_TEAM", 3)

    def unlocked(tx: Any, model: Any, row_id: int) -> Any:
        return tx.run(select(table_of(model)).where(table_of(model).c.id == row_id)).first()

    for app in app_on(postgresql_url, tmp_path):
        scene = scene_in(Town(app))
        monkeypatch.setattr("volunteer.services.team_people.load_row", unlocked)
        many = [Joiner(f"林{n}", "18_plus", uuid4(), browser_nonce=f"{n}") for n in range(8)]
        assert rush(scene, scene.team(), many) > 3


def test_two_of_a_class_may_have_one_name(scene: Scene) -> None:
    team = scene.team()
    scene.join(team, "王伟", browser_nonce="one")
    scene.join(team, "王伟", browser_nonce="one")
    assert [one.name for one in scene.members(team)] == ["王伟"]
    scene.join(team, "王伟", browser_nonce="two")
    assert [one.attendance for one in scene.members(team)] == ["present", "present"]


def test_the_roll_call_leaves_a_team_to_its_own_page(scene: Scene) -> None:
    team = scene.team()
    scene.add(team)
    scene.call(team)
    neighbour = scene.town.resident("李邻居")
    record(
        scene.town,
        scene.recorder,
        scan_row(scene.event_id, provenance="roll_call", resident_id=neighbour),
    )
    activity = select(m.Event.activity_id).where(m.Event.id == scene.event_id)
    again = scene.town.event(scene.town.write(lambda tx: tx.run(activity).scalar_one()))
    db.session.remove()
    assert [one.name for one in read_candidates(again, scene.scope)] == ["李邻居"]


def test_a_merged_member_stays_in_the_team_once(scene: Scene) -> None:
    team = scene.team()
    scene.add(team, "林一", "林一一")
    first, second = [one.resident_id for one in scene.members(team)]
    merge_residents(Wish(first, second, with_sign_ins=True), **scene.by)
    assert [one.resident_id for one in scene.members(team)] == [first]
    assert scene.whole()


def test_a_flood_of_invented_people_is_stopped(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_BY_BROWSER", 1)
    monkeypatch.setattr("volunteer.services.team_people.MOST_IN_TEAM", 2)
    team = scene.team()
    scene.join(team, "林一", browser_nonce="one")
    assert refused(scene.join, team, "林二", browser_nonce="one") is Code.WALK_INS_FULL
    scene.join(team, "林二", browser_nonce="two")
    assert refused(scene.join, team, "林三") is Code.TEAM_TOO_LARGE
    assert refused(scene.add, team, "林三") is Code.TEAM_TOO_LARGE
    monkeypatch.setattr(limits, "MOST_BY_LEADER", 0)  # the team's people have their own limit
    assert len(scene.members(team)) == 2


def test_who_may_not(scene: Scene) -> None:
    town, team = scene.town, scene.team()
    nobody = Recorder(login_id=scene.recorder.login_id)
    assert refused(scene.add, team, recorder=nobody) is Code.NOT_YOUR_EVENT
    people = ListOfPeople(team, NAMES, "18_plus", uuid4(), vouched=False)
    more: Any = {"keys": town.keys, "now": FRIDAY, "scope": scene.scope}
    assert refused(add_people, people, scene.recorder, **more) is Code.NOT_YOUR_EVENT
    elsewhere = replace(people, event_id=town.event(town.activity("别的")))
    assert refused(add_people, elsewhere, scene.recorder, **more) is Code.NOT_FOUND
    outside = {**scene.by, "scope": Scope.nothing()}
    for work in (
        lambda: teams.add_team(town.community_id, scene.details(name="二队"), **outside),
        lambda: teams.edit_team(team, scene.details(), **outside),
        lambda: teams.agree_for_team(team, "周老师", **outside),
        lambda: teams.set_team_active(team, False, **outside),
        lambda: end_member(team, 1, TODAY, **outside),
        lambda: end_member(team, 1, TODAY, **scene.by),
    ):
        assert refused(work) is Code.NOT_FOUND
    at = {"now": FRIDAY, "scope": scene.scope}
    assert refused(teams.bring_team, team, scene.event_id, nobody, **at) is Code.NOT_YOUR_EVENT
    unknown = Joiner("林一", "18_plus", uuid4())
    assert refused(join_team, "x", unknown, keys=town.keys, now=FRIDAY) is Code.NOT_FOUND


def test_a_team_is_corrected(scene: Scene) -> None:
    team, other = scene.team(), scene.team(name="二队")
    for details, code in (
        (scene.details(name=" "), Code.NAME_MISSING),
        (scene.details(name="二队"), Code.ALREADY_EXISTS),
        (scene.details(kind_id=None), Code.CHOICE_MISSING),
        (scene.details(expected=201), Code.TEAM_TOO_LARGE),
        (scene.details(contact_phone="12"), Code.PHONE_INVALID),
        (scene.details(kind_id=99_999), Code.NOT_FOUND),
    ):
        assert refused(teams.edit_team, team, details, **scene.by) is code
    changed = scene.details(name_en="Class 3-2", contact="周老师", contact_phone="13800000000")
    teams.edit_team(team, replace(changed, accompanied_by="周老师"), **scene.by)
    teams.edit_team(team, changed, **scene.by)
    row = scene.row(team)
    assert (row.name_en, row.contact_phone, row.consent_by) == (
        "Class 3-2",
        "+8613800000000",
        "周老师",
    )
    scene.add(team)
    who = scene.members(team)[0]
    assert refused(end_member, team, who.resident_id, TODAY - timedelta(1), **scene.by) is (
        Code.DATES_REVERSED
    )
    end_member(team, who.resident_id, TODAY, **scene.by)
    tomorrow = read_team(scene.scope, team, today=TODAY + timedelta(days=1))
    assert tomorrow is not None
    assert tomorrow.members == 2
    teams.set_team_active(other, False, **scene.by)
    shown = read_teams(scene.scope, scene.town.community_id, today=TODAY)
    assert [one.team_id for one in shown] == [team]
