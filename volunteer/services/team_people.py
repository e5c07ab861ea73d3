"""The people of a visiting team: typed or pasted as a list, or written down by themselves with the
team's code. Each has a guest passbook, and none is on a building's board."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, select, update

from volunteer.domain.access import Scope
from volunteer.domain.age import AgeBand
from volunteer.domain.names import parse_name
from volunteer.domain.people import Home, NewPerson
from volunteer.domain.refusals import Code, Refusal, Refused, or_refuse, refuse
from volunteer.domain.scans import Batch, Recorder
from volunteer.domain.tokens import Keys
from volunteer.domain.visiting_teams import MOST_IN_TEAM, new_names
from volunteer.domain.visits import Visit
from volunteer.domain.walk_ins import How, decide_walk_in
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.event_facts import load_event
from volunteer.store.models import TeamEvent, TeamMember, VisitingTeam
from volunteer.store.people import record_residents
from volunteer.store.rows import load_row, load_today
from volunteer.store.scans import record_batches
from volunteer.store.visiting_teams import (
    Member,
    load_expected,
    load_members,
    record_members,
)
from volunteer.store.walk_ins import (
    NewWalkIn,
    came_from,
    load_counts,
    load_visit,
    record_walk_ins,
)


@dataclass(frozen=True)
class ListOfPeople:
    """Names for a team, one of each person. ``vouched``: staff of the register wrote them, so they
    are on the books at once; a leader's are confirmed later, as others whom a leader adds."""

    team_id: int
    names: tuple[str, ...]
    age_band: str
    form_id: UUID
    vouched: bool
    event_id: int | None = None


@dataclass(frozen=True)
class Joiner:
    """Who writes themselves down with the team's code. ``form_id``: of the form, so that a second
    tap is the same person; the others say where the request came from."""

    name: str
    age_band: str
    form_id: UUID
    address: str | None = None
    browser_nonce: str | None = field(default=None, repr=False)


def add_people(
    people: ListOfPeople, recorder: Recorder, *, keys: Keys, now: datetime, scope: Scope
) -> int:
    """Write down who of these is not in the team yet; gives how many that were.

    Raises Refused: ``not_found``, ``birth_date_or_age_band_required``, ``class_consent_missing``
    (under 14, and nobody has agreed for the class), ``team_too_large``, ``event_unknown``,
    ``not_your_event`` (a leader's list is for an event of theirs), and what ``parse_name`` refuses.
    """
    names = [or_refuse(parse_name(name), "names") for name in people.names]
    if people.age_band not in tuple(AgeBand):
        raise refuse(Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED, field="age_band")

    def work(tx: Tx) -> int:
        team = load_row(tx, VisitingTeam, people.team_id)
        event_id = _require_event(tx, people, recorder)
        today = load_today(tx, team.community_id, now)
        known = load_members(tx, team.community_id, team.id, today)
        new = new_names(names, [one.name for one in known])
        if not new:
            return 0
        ids = _record(
            tx,
            team,
            new,
            people.age_band,
            known,
            _Writing(keys, recorder, now, today, people.vouched),
        )
        if not people.vouched:
            walked = [
                NewWalkIn(
                    team.community_id,
                    one,
                    event_id,
                    How.LEADER,
                    uuid5(people.form_id, f"{place} {new[place]}"),
                    recorded_by=recorder.key,
                )
                for place, one in enumerate(ids)
            ]
            record_walk_ins(tx, walked, now)
        _audit(tx, "team_people_added", team, recorder.login_id, now, len(ids))
        return len(ids)

    return transact(work, scope)


def join_team(ref: str, joiner: Joiner, *, keys: Keys, now: datetime) -> str:
    """Somebody of a team writes themselves down at the event of this code, and is checked in until
    staff confirm them. Gives the name as it is kept.

    Whoever is on the books already is not checked in by a name that anybody may type: the leader
    calls it. The answer is the same. Raises Refused: ``not_found``, ``walk_ins_full``,
    ``team_too_large``, ``class_consent_missing``, what ``parse_name`` refuses, and whatever the
    scan is refused for.
    """
    name = or_refuse(parse_name(joiner.name), "name")
    if joiner.age_band not in tuple(AgeBand):
        raise refuse(Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED, field="age_band")

    def work(tx: Tx) -> str:
        here = _load_here(tx, ref)
        team = _load_team(tx, here)
        visit = Visit(here.event_id, team.community_id, "poster_code", now, joiner.form_id)
        made = load_visit(tx, team.community_id, joiner.form_id)
        if made is None:
            made = _known_or_new(tx, team, name, joiner, visit, keys)
        if made is not None:
            _check_in(tx, visit, made, keys)
        return name

    return transact(work, Scope.everything())


def end_member(
    team_id: int, resident_id: int, ends_on: date, *, by: int, now: datetime, scope: Scope
) -> None:
    """The last day somebody belonged to a team. Raises Refused: ``not_found``,
    ``dates_reversed``."""

    def work(tx: Tx) -> None:
        team = load_row(tx, VisitingTeam, team_id)
        of_team = (TeamMember.team_id == team_id, TeamMember.resident_id == resident_id)
        member = tx.run(select(TeamMember.starts_on).where(*of_team).with_for_update()).first()
        if member is None:
            raise refuse(Code.NOT_FOUND)
        if ends_on < member.starts_on:
            raise refuse(Code.DATES_REVERSED, field="ends_on")
        tx.run(update(TeamMember).where(*of_team).values(ends_on=ends_on))
        record_audit(
            tx,
            now=now,
            action="team_member_ended",
            subject_kind="resident",
            subject_id=resident_id,
            community_id=team.community_id,
            login_id=by,
            facts={"name": team.name, "ends_on": ends_on.isoformat()},
        )

    transact(work, scope)


@dataclass(frozen=True)
class _Writing:
    keys: Keys
    recorder: Recorder
    now: datetime
    today: date
    vouched: bool


def _require_event(tx: Tx, people: ListOfPeople, recorder: Recorder) -> int:
    """The event a leader's list is for. Raises Refused: ``not_found``, ``not_your_event``."""
    if people.event_id is None:
        if not people.vouched:
            raise refuse(Code.NOT_YOUR_EVENT)
        return 0
    event = load_event(tx, people.event_id)
    if not recorder.runs(event):
        raise refuse(Code.NOT_YOUR_EVENT)
    at = select(TeamEvent.id).where(
        TeamEvent.team_id == people.team_id, TeamEvent.event_id == people.event_id
    )
    if tx.run(at).first() is None:
        raise refuse(Code.NOT_FOUND)
    return event.id


def _record(
    tx: Tx, team: Row[Any], names: list[str], age_band: str, known: list[Member], how: _Writing
) -> list[int]:
    """New residents with guest passbooks and cards, and their places in the team."""
    if len(known) + len(names) > MOST_IN_TEAM:
        raise refuse(Code.TEAM_TOO_LARGE, most=MOST_IN_TEAM, field="names")
    is_child = age_band == AgeBand.UNDER_14
    if is_child and team.consent_by is None:
        raise refuse(Code.CLASS_CONSENT_MISSING, field="age_band")
    people = [
        NewPerson(
            name,
            age_band=age_band,
            home=Home(how.today, kind="guest"),
            guardian_consent_by=team.consent_by if is_child else None,
            guardian_consent_text=team.consent_text_version if is_child else None,
            state="active" if how.vouched else "provisional",
        )
        for name in names
    ]
    by = how.recorder.login_id
    added = record_residents(tx, team.community_id, people, keys=how.keys, by=by, now=how.now)
    ids = [one.resident_id for one in added]
    record_members(tx, team.community_id, team.id, ids, how.today)
    return ids


def _load_here(tx: Tx, ref: str) -> Row[Any]:
    found = tx.run(
        select(TeamEvent.team_id, TeamEvent.event_id, TeamEvent.community_id).where(
            TeamEvent.ref == ref
        )
    ).first()
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found


def _load_team(tx: Tx, here: Row[Any]) -> Row[Any]:
    """The team of a code, locked: a crowd is counted one by one."""
    team = load_row(tx, VisitingTeam, here.team_id)
    if team.deactivated_at is not None:
        raise refuse(Code.NOT_FOUND)
    return team


def _known_or_new(
    tx: Tx, team: Row[Any], name: str, joiner: Joiner, visit: Visit, keys: Keys
) -> int | None:
    """Whom to check in: somebody of this name who is to be confirmed and has not come by another
    phone, or a new person. None for who is on the books: the leader calls their name."""
    now, today = visit.seen_at, load_today(tx, team.community_id, visit.seen_at)
    members = load_members(tx, team.community_id, team.id, today)
    origin = came_from(keys.sign_in_throttle, joiner.address, joiner.browser_nonce)
    same = [one for one in members if one.name == name]
    if any(one.state == "active" for one in same):
        return None
    ids = [one.resident_id for one in same]
    still = load_expected(tx, team.community_id, visit.event_id, ids, origin)
    if still is not None:
        return still
    refusal = decide_walk_in(load_counts(tx, visit.event_id, origin, now))
    if refusal:
        raise Refused(refusal)
    writing = _Writing(keys, Recorder(is_self=True), now, today, vouched=False)
    [resident_id] = _record(tx, team, [name], joiner.age_band, members, writing)
    walked = NewWalkIn(
        team.community_id, resident_id, visit.event_id, How.SELF, joiner.form_id, origin
    )
    record_walk_ins(tx, [walked], now)
    _audit(tx, "team_joined", team, None, now, 1)
    return resident_id


def _check_in(tx: Tx, visit: Visit, resident_id: int, keys: Keys) -> None:
    own = frozenset({resident_id})
    recorder = Recorder(is_self=True, acts_for=own, own_resident_ids=own)
    scope = Scope.of(visit.community_id)
    batch = Batch(
        [visit.scan(resident_id)], recorder, visit.seen_at, keys, scope, visit.community_id
    )
    [[verdict]] = record_batches(tx, [batch])
    if verdict.verdict == "refused":
        raise Refused(Refusal(Code(verdict.code), verdict.facts))


def _audit(tx: Tx, action: str, team: Row[Any], by: int | None, now: datetime, count: int) -> None:
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="visiting_team",
        subject_id=team.id,
        community_id=team.community_id,
        login_id=by,
        facts={"name": team.name, "count": count},
    )
