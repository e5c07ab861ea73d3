"""Moving to another community: asked here, taken there, and carried out step by step.

People's part are four use cases of one transaction each. What follows from them is ``carry_on``:
the only service of several transactions, for none may span two communities. Each of its steps is
written with what it did, so that it is done once however often anybody starts it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.domain.moves import LeaverFacts, Step, decide_move, is_in_old_community
from volunteer.domain.names import mask_name
from volunteer.domain.people import Home, NewPerson
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.domain.tokens import Keys
from volunteer.store.arrivals import (
    load_person_of,
    record_arrived,
    record_at_home_elsewhere,
)
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.family import load_own_records
from volunteer.store.ledger import RESIDENT, lock_passbooks
from volunteer.store.models import Community, Resident
from volunteer.store.moves import (
    MOVE,
    Sides,
    load_left_over,
    load_sides,
    load_unfinished,
    lock_side,
    record_left,
    record_leftovers,
    record_side,
    record_state,
    who_it_is,
)
from volunteer.store.people import load_placed
from volunteer.store.rows import load_row, load_today


@dataclass(frozen=True)
class NewHome:
    """Where somebody who arrives lives; all None when it is not known yet."""

    area_id: int | None = None
    building_id: int | None = None
    room: str | None = None


def ask_to_move(
    resident_id: int, to_community_id: int, *, by: int, now: datetime, scope: Scope
) -> UUID:
    """Ask another community to take somebody in; until it does, nothing changes. Gives the move's
    key, for ``carry_on``.

    Raises Refused: ``not_found``, what ``decide_move`` refuses, ``move_waits`` (one of theirs waits
    already).
    """

    def work(tx: Tx) -> UUID:
        books = lock_passbooks(tx, (resident_id,))  # before the resident, as merges do
        resident = load_row(tx, Resident, resident_id)
        if tx.run(select(Community.id).where(Community.id == to_community_id)).first() is None:
            raise refuse(Code.NOT_FOUND)
        today = load_today(tx, resident.community_id, now)
        own = load_own_records(tx, resident.community_id, by, today)
        facts = LeaverFacts(
            state=resident.state,
            is_guest=resident.home_resident_id is not None,
            same_community=resident.community_id == to_community_id,
            held_points=books[resident_id].held_points,
            is_own=resident_id in own,
        )
        refusal = decide_move(facts)
        if refusal:
            raise Refused(refusal)
        move_key = uuid4()
        written = record_side(
            tx,
            {
                "community_id": resident.community_id,
                "side": "out",
                "move_key": move_key,
                "state": "waiting",
                "other_community_id": to_community_id,
                "resident_id": resident_id,
                "facts": who_it_is(resident) | {"came_with": _came_with(tx, resident)},
                "asked_at": now,
                "asked_by_login_id": by,
            },
        )
        if not written:
            raise refuse(Code.MOVE_WAITS)
        _audit(tx, "move_asked", resident.community_id, resident_id, by, now)
        return move_key

    return transact(work, scope)


def withdraw_move(move_key: UUID, *, by: int, now: datetime, scope: Scope) -> None:
    """They stay after all; possible until the passbook has been closed.

    Raises Refused: ``not_found``, ``changed_meanwhile``.
    """

    def work(tx: Tx) -> None:
        row = _load_seen(tx, move_key, "out")
        if row.state != "waiting":
            raise refuse(Code.CHANGED_MEANWHILE)
        record_state(tx, row, "withdrawn", decided_at=now, decided_by_login_id=by)
        _audit(tx, "move_withdrawn", row.community_id, row.resident_id, by, now)

    transact(work, scope)


def accept_move(move_key: UUID, home: NewHome, *, by: int, now: datetime, scope: Scope) -> None:
    """Take somebody in who wants to arrive; ``carry_on`` then brings them.

    Raises Refused: ``not_found`` (also a home that is not here), ``changed_meanwhile``,
    ``own_record``.
    """

    def work(tx: Tx) -> None:
        row = _load_waiting_arrival(tx, move_key, by, now)
        if home.building_id or home.area_id:
            today = load_today(tx, row.community_id, now)
            lives = Home(today, area_id=home.area_id, building_id=home.building_id)
            load_placed(tx, row.community_id, [NewPerson("", home=lives)])
        facts = row.facts | {"home": vars(home) if home != NewHome() else None}
        record_state(tx, row, "accepted", facts=facts, decided_at=now, decided_by_login_id=by)
        name = mask_name(row.facts["name"])
        _audit(tx, "move_accepted", row.community_id, None, by, now, name=name)

    transact(work, scope)


def decline_move(move_key: UUID, *, by: int, now: datetime, scope: Scope) -> None:
    """Do not take somebody in: they stay where they are, as they were.

    Raises Refused: ``not_found``, ``changed_meanwhile``, ``own_record``.
    """

    def work(tx: Tx) -> None:
        row = _load_waiting_arrival(tx, move_key, by, now)
        record_state(tx, row, "declined", decided_at=now, decided_by_login_id=by)
        name = mask_name(row.facts["name"])
        _audit(tx, "move_declined", row.community_id, None, by, now, name=name)

    transact(work, scope)


def carry_on(move_key: UUID, *, keys: Keys, now: datetime) -> Step | None:
    """Do whatever steps follow from where a move stands. Gives the step that cannot be done yet
    (points were set aside meanwhile), or None."""
    everything = Scope.everything()
    while True:
        sides = transact(lambda tx: load_sides(tx, move_key), everything)
        if sides is None or sides.step is None:
            return None
        out, step = sides.out, sides.step
        if step is Step.SETTLE and out.follows_key is None:
            _follow_guests(sides)  # before it is settled: after a crash nobody would look again
        here = out.community_id if is_in_old_community(step) else out.other_community_id
        work = partial(_STEPS[step], sides=sides, keys=keys, now=now)
        try:
            transact(work, Scope.of(here))
        except Refused as refused:
            if step is not Step.LEAVE or refused.refusal.code is not Code.POINTS_HELD:
                raise
            return step


def carry_all_on(*, keys: Keys, now: datetime) -> int:
    """Go on with every move that somebody's crash has left between two steps, and send points after
    those who have left. Gives how many moves were looked at."""
    everything = Scope.everything()
    for community_id, left_key in transact(load_left_over, everything):
        transact(partial(_follow, left_key=left_key, now=now), Scope.of(community_id))
    unfinished = transact(load_unfinished, everything)
    for move_key in unfinished:
        carry_on(move_key, keys=keys, now=now)
    return len(unfinished)


# --- steps, each in the transaction of one community ------------------------------------------


def _offer(tx: Tx, sides: Sides, keys: Keys, now: datetime) -> None:
    out = sides.out
    follows = out.follows_key is not None
    resident_id = load_person_of(tx, out.other_community_id, out.follows_key) if follows else None
    record_side(
        tx,
        {
            "community_id": out.other_community_id,
            "side": "in",
            "move_key": out.move_key,
            "follows_key": out.follows_key,
            "state": "accepted" if follows else "waiting",
            "other_community_id": out.community_id,
            "resident_id": resident_id,
            "facts": out.facts,
            "asked_at": out.asked_at,
            "asked_by_login_id": out.asked_by_login_id,
        },
    )


def _leave(tx: Tx, sides: Sides, keys: Keys, now: datetime) -> None:
    # The passbook before the side: as scans and merges lock it.
    lock_passbooks(tx, (sides.out.resident_id,))
    row = lock_side(tx, sides.out.community_id, sides.out.move_key)
    if row is None or row.state != "waiting":
        return
    by = row.asked_by_login_id
    if record_left(tx, row, now):
        _audit(tx, "moved_on", row.community_id, row.resident_id, by, now)
    else:  # they died meanwhile, or were merged: nobody is left to move
        record_state(tx, row, "withdrawn", decided_at=now)


def _arrive(tx: Tx, sides: Sides, keys: Keys, now: datetime) -> None:
    row = lock_side(tx, sides.out.other_community_id, sides.out.move_key)
    if row is None or row.state != "accepted":
        return
    record_arrived(tx, row, sides.out, keys, now)
    resident_id = load_person_of(tx, row.community_id, row.move_key)
    by = row.decided_by_login_id
    _audit(tx, "moved_in", row.community_id, resident_id, by, now, points=sides.out.moved_points)


def _settle(tx: Tx, sides: Sides, keys: Keys, now: datetime) -> None:
    row = lock_side(tx, sides.out.community_id, sides.out.move_key)
    if row is None or row.state != "left":
        return
    record_state(tx, row, "done", decided_at=now)


def _take_back(tx: Tx, sides: Sides, keys: Keys, now: datetime) -> None:
    row = lock_side(tx, sides.out.community_id, sides.out.move_key)
    if row is not None and row.state == "waiting":
        record_state(tx, row, "declined", decided_at=now)


def _call_off(tx: Tx, sides: Sides, keys: Keys, now: datetime) -> None:
    row = lock_side(tx, sides.out.other_community_id, sides.out.move_key)
    if row is not None and row.state in ("waiting", "accepted"):
        record_state(tx, row, "withdrawn", decided_at=now)


_STEPS = {
    Step.OFFER: _offer,
    Step.LEAVE: _leave,
    Step.ARRIVE: _arrive,
    Step.SETTLE: _settle,
    Step.TAKE_BACK: _take_back,
    Step.CALL_OFF: _call_off,
}


def _follow(tx: Tx, left_key: UUID, now: datetime) -> None:
    community_id = tx.run(
        select(MOVE.c.community_id).where(MOVE.c.move_key == left_key, MOVE.c.side == "out")
    ).scalar_one()
    row = lock_side(tx, community_id, left_key)
    if row is not None:
        record_leftovers(tx, row, now)


def _follow_guests(sides: Sides) -> None:
    """Their guest passbooks in third communities lead to where they live now; one transaction a
    community, each of which may be done twice."""
    out = sides.out
    old = out.community_id, out.resident_id

    def look(tx: Tx) -> tuple[int | None, list[int]]:
        new_id = load_person_of(tx, out.other_community_id, out.move_key)
        where = RESIDENT.c.home_community_id == old[0], RESIDENT.c.home_resident_id == old[1]
        return new_id, list(tx.run(select(RESIDENT.c.community_id).where(*where)).scalars())

    new_id, hosts = transact(look, Scope.everything())
    new = out.other_community_id, new_id
    for host in hosts:
        move = partial(record_at_home_elsewhere, community_id=host, old=old, new=new)
        transact(move, Scope.of(host))


# --- reading -----------------------------------------------------------------------------------


def _came_with(tx: Tx, resident: Any) -> list[str]:
    """The moves that once brought them here, so that a community they come back to knows them."""
    came = tx.run(
        select(MOVE.c.move_key, MOVE.c.facts).where(
            MOVE.c.community_id == resident.community_id,
            MOVE.c.side == "in",
            MOVE.c.resident_id == resident.id,
            MOVE.c.follows_key.is_(None),
        )
    ).all()
    earlier = [key for row in came for key in row.facts.get("came_with", ())]
    return [*earlier, *(str(row.move_key) for row in came)]


def _load_seen(tx: Tx, move_key: UUID, side: str) -> Any:
    """A side in scope, locked. Raises Refused: ``not_found``."""
    found = select(MOVE).where(MOVE.c.move_key == move_key, MOVE.c.side == side)
    row = tx.run(found.with_for_update()).first()
    if row is None or not tx.scope.sees(row.community_id):
        raise refuse(Code.NOT_FOUND)
    return row


def _load_waiting_arrival(tx: Tx, move_key: UUID, by: int, now: datetime) -> Any:
    row = _load_seen(tx, move_key, "in")
    if row.state != "waiting":
        raise refuse(Code.CHANGED_MEANWHILE)
    today = load_today(tx, row.community_id, now)
    if row.facts["resident_id"] in load_own_records(tx, row.community_id, by, today):
        raise refuse(Code.OWN_RECORD)
    return row


def _audit(
    tx: Tx,
    action: str,
    community_id: int,
    resident_id: int | None,
    by: int | None,
    now: datetime,
    **facts: str | int,
) -> None:
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="resident" if resident_id else "community",
        subject_id=resident_id or community_id,
        community_id=community_id,
        login_id=by,
        facts=facts,
    )
