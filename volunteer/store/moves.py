"""The two sides of a move between communities, and the steps on the old community's side.

Each function is for a transaction of one community; what it needs of the other side it was told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select, update

from volunteer.domain.ledger import Passbook
from volunteer.domain.moves import MAY_MOVE, MovePosting, Step, leave_transfers, next_step
from volunteer.domain.refusals import Code, refuse
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx
from volunteer.store.farewell import record_household_left, record_what_ends
from volunteer.store.ledger import ACCOUNT, RESIDENT, lock_passbooks, post, read_system_accounts
from volunteer.store.models import (
    ActivationCode,
    Card,
    Community,
    CommunityMove,
    Consent,
    ContactPhone,
    ExternalNumber,
    LoginResident,
)
from volunteer.store.models.base import table_of
from volunteer.store.rows import load_today

MOVE = table_of(CommunityMove)
_OTHER = MOVE.alias("other_side")
_CARD, _CODE, _LINK = table_of(Card), table_of(ActivationCode), table_of(LoginResident)


@dataclass(frozen=True)
class Sides:
    """Both rows of a move as they stand, and what follows from them."""

    out: Any
    inward: Any | None

    @property
    def step(self) -> Step | None:
        return next_step(self.out.state, self.inward.state if self.inward else None)


def load_sides(tx: Tx, move_key: UUID) -> Sides | None:
    """Both sides of a move, wherever they are; the caller sees every community."""
    rows = {row.side: row for row in tx.run(select(MOVE).where(MOVE.c.move_key == move_key))}
    return Sides(rows["out"], rows.get("in")) if "out" in rows else None


def load_unfinished(tx: Tx) -> list[UUID]:
    """Moves that a step follows for, the oldest first."""
    running = (
        select(MOVE.c.move_key, MOVE.c.state, _OTHER.c.state.label("other_state"))
        .outerjoin(_OTHER, (_OTHER.c.move_key == MOVE.c.move_key) & (_OTHER.c.side == "in"))
        .where(MOVE.c.side == "out", MOVE.c.state.in_(("waiting", "left", "withdrawn")))
        .order_by(MOVE.c.id)
    )
    return [row.move_key for row in tx.run(running) if next_step(row.state, row.other_state)]


def lock_side(tx: Tx, community_id: int, move_key: UUID) -> Any | None:
    """This community's side, locked."""
    return tx.run(
        select(MOVE)
        .where(MOVE.c.community_id == community_id, MOVE.c.move_key == move_key)
        .with_for_update()
    ).first()


def record_side(tx: Tx, values: dict[str, Any]) -> bool:
    """Write one side down; False when it is there already."""
    empty = {
        "follows_key": None,
        "resident_id": None,
        "moved_points": 0,
        "moved_owed_points": 0,
        "decided_at": None,
        "decided_by_login_id": None,
    }
    written = insert_rows(tx, MOVE, [empty | values], "ON CONFLICT DO NOTHING RETURNING id")
    return written.scalar_one_or_none() is not None


def record_state(tx: Tx, row: Any, state: str, **more: Any) -> None:
    """Move a locked side on."""
    changed = update(MOVE).where(MOVE.c.id == row.id, MOVE.c.state == row.state)
    done = tx.run(changed.values(state=state, **more))
    assert done.rowcount == 1, "a side moved under its lock"


def record_left(tx: Tx, row: Any, now: datetime) -> bool:
    """Empty and close the passbook of somebody whom the other community has taken; False when they
    are not there to leave any more.

    Scans at the same moment find that the number of merges has moved on, and look again: they then
    find the card replaced. Raises Refused: ``points_held``.
    """
    book = lock_passbooks(tx, (row.resident_id,))[row.resident_id]
    resident = tx.run(select(RESIDENT).where(RESIDENT.c.id == row.resident_id)).one()
    if resident.state not in MAY_MOVE:
        return False
    if book.held_points:
        raise refuse(Code.POINTS_HELD)
    today = load_today(tx, row.community_id, now)
    facts = row.facts | _what_goes_along(tx, resident, book, today)
    _post_left(tx, row, book, row.move_key, now)
    _close(tx, resident, today, now)
    figures = {"moved_points": book.balance_points, "moved_owed_points": book.owed_points}
    record_state(tx, row, "left", facts=facts, **figures)
    return True


def record_leftovers(tx: Tx, row: Any, now: datetime) -> UUID | None:
    """Points that came into a passbook after its person had left (a late scan, a line taken back)
    follow them, as a move of their own; gives its key."""
    book = lock_passbooks(tx, (row.resident_id,))[row.resident_id]
    if book.held_points or not (book.balance_points or book.owed_points):
        return None
    key = uuid5(row.move_key, f"after line {book.last_entry_no}")
    record_side(
        tx,
        {
            "community_id": row.community_id,
            "side": "out",
            "move_key": key,
            "follows_key": row.move_key,
            "state": "left",
            "other_community_id": row.other_community_id,
            "resident_id": row.resident_id,
            "moved_points": book.balance_points,
            "moved_owed_points": book.owed_points,
            "facts": {},
            "asked_at": now,
            "asked_by_login_id": None,
        },
    )
    _post_left(tx, row, book, key, now)
    return key


def load_left_over(tx: Tx) -> list[tuple[int, UUID]]:
    """Moves that are done and whose old passbook is not empty: (community, key)."""
    found = tx.run(
        select(MOVE.c.community_id, MOVE.c.move_key)
        .join(ACCOUNT, ACCOUNT.c.resident_id == MOVE.c.resident_id)
        .join(RESIDENT, RESIDENT.c.id == MOVE.c.resident_id)
        .where(
            MOVE.c.side == "out",
            MOVE.c.state == "done",
            MOVE.c.follows_key.is_(None),
            RESIDENT.c.state == "moved_on",
            (ACCOUNT.c.balance_points > 0) | (ACCOUNT.c.owed_points > 0),
        )
        .order_by(MOVE.c.id)
    )
    return [(row.community_id, row.move_key) for row in found]


def community_names(tx: Tx, community_id: int) -> dict[str, Any]:
    """What a line says of the other community."""
    name = select(Community.name, Community.name_en).where(Community.id == community_id)
    row = tx.run(name).one()
    return {"community": row.name, "community_en": row.name_en}


def _post_left(tx: Tx, row: Any, book: Passbook, key: UUID, now: datetime) -> None:
    system = read_system_accounts(tx, row.community_id)
    posting = MovePosting(
        row.community_id,
        str(key),
        system.clearing,
        system.debts,
        now,
        row.asked_by_login_id,
        community_names(tx, row.other_community_id),
    )
    post(tx, leave_transfers(book, posting), [book], system.debts)


def _what_goes_along(tx: Tx, resident: Any, book: Passbook, today: date) -> dict[str, Any]:
    """What the new community needs to write the person down, as JSON. The newest answer of a kind
    of consent; a name on a board is asked for anew, for it is another board."""
    own = resident.community_id, resident.id

    def rows(model: Any) -> Any:
        table = table_of(model)
        wanted = select(table).where(table.c.community_id == own[0], table.c.resident_id == own[1])
        return tx.run(wanted.order_by(table.c.id)).all()

    links = [
        {
            "login_id": link.login_id,
            "relation": link.relation,
            "ends_on": link.ends_on.isoformat() if link.ends_on else None,
        }
        for link in rows(LoginResident)
        if link.revoked_at is None and (link.ends_on is None or link.ends_on >= today)
    ]
    answers = {
        row.what: {
            "what": row.what,
            "given": row.given,
            "text_version": row.text_version,
            "given_by": row.given_by,
            "given_at": row.given_at.isoformat(),
        }
        for row in rows(Consent)
        if row.what != "named_board"
    }
    return {
        **who_it_is(resident),
        "minutes": book.total_minutes,
        "links": links,
        "consents": list(answers.values()),
        "numbers": [[row.system, row.number] for row in rows(ExternalNumber)],
        "phones": [row.phone for row in rows(ContactPhone)],
    }


def who_it_is(resident: Any) -> dict[str, Any]:
    """What the staff over there see of somebody who wants to arrive."""
    return {
        "resident_id": resident.id,
        "name": resident.name,
        "name_en": resident.name_en,
        "birth_date": resident.birth_date.isoformat() if resident.birth_date else None,
        "age_band": resident.age_band,
        "passbook_number": resident.passbook_number,
    }


def _close(tx: Tx, resident: Any, today: date, now: datetime) -> None:
    """Cards lead to "replaced", strips bind nothing, sign-ins and homes end."""
    tx.run(
        update(RESIDENT)
        .where(RESIDENT.c.id == resident.id)
        .values(state="moved_on", merges=RESIDENT.c.merges + 1)
    )
    tx.run(
        update(ACCOUNT)
        .where(ACCOUNT.c.resident_id == resident.id)
        .values(merges=ACCOUNT.c.merges + 1)
    )
    tx.run(
        update(_CARD)
        .where(_CARD.c.resident_id == resident.id, _CARD.c.state == "active")
        .values(state="replaced", ended_at=now)
    )
    tx.run(
        update(_CODE)
        .where(
            _CODE.c.resident_id == resident.id,
            _CODE.c.used_at.is_(None),
            _CODE.c.expires_at > now,
        )
        .values(expires_at=now)
    )
    tx.run(
        update(_LINK)
        .where(_LINK.c.resident_id == resident.id, _LINK.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    record_what_ends(tx, resident.id, today)
    record_household_left(tx, resident.id, now)
