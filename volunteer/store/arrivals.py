"""Somebody from another community arrives: passbook, home, sign-ins, consents and points."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from volunteer.domain.moves import MovePosting, arrive_transfers
from volunteer.domain.passbook_number import FIRST_ISSUE, issue_of
from volunteer.domain.people import Home, NewPerson
from volunteer.domain.tokens import Keys
from volunteer.store.bulk import insert_rows
from volunteer.store.cards import CARD, NewCard, record_cards
from volunteer.store.database import Tx
from volunteer.store.ledger import RESIDENT, lock_passbooks, post, read_system_accounts
from volunteer.store.models import (
    CommunityMove,
    Consent,
    ContactPhone,
    ExternalNumber,
    Login,
    LoginResident,
    Residence,
)
from volunteer.store.models.base import table_of
from volunteer.store.moves import MOVE, community_names, record_state
from volunteer.store.people import home_columns, load_placed, name_columns, record_residents
from volunteer.store.rows import load_today

_LOGIN = table_of(Login)


def record_arrived(tx: Tx, row: Any, came: Any, keys: Keys, now: datetime) -> None:
    """Take somebody into this community's books. ``row``: our side, locked and accepted; ``came``:
    the other side, which says who comes and with how much."""
    resident_id = row.resident_id
    if row.follows_key is None:
        resident_id = _taken_up(tx, row, came.facts, keys, now)
    assert resident_id is not None, "points that follow find their person"
    system = read_system_accounts(tx, row.community_id)
    book = lock_passbooks(tx, (resident_id,))[resident_id]
    posting = MovePosting(
        row.community_id,
        str(row.move_key),
        system.clearing,
        system.debts,
        now,
        row.decided_by_login_id,
        community_names(tx, row.other_community_id),
    )
    transfers = arrive_transfers(book, came.moved_points, came.moved_owed_points, posting)
    post(tx, transfers, [book], system.debts)
    record_state(
        tx,
        row,
        "done",
        resident_id=resident_id,
        moved_points=came.moved_points,
        moved_owed_points=came.moved_owed_points,
        facts=row.facts | {"minutes": came.facts.get("minutes", 0)},
    )


def load_person_of(tx: Tx, community_id: int, move_key: Any) -> int | None:
    """Who somebody that moved here is."""
    found = select(MOVE.c.resident_id).where(
        MOVE.c.community_id == community_id, MOVE.c.move_key == move_key
    )
    return tx.run(found).scalar_one_or_none()


def record_at_home_elsewhere(tx: Tx, community_id: int, old: Any, new: Any) -> None:
    """A guest of this community has moved: their guest passbook follows whoever they are now.
    ``old`` and ``new`` are (community, resident)."""
    tx.run(
        update(RESIDENT)
        .where(
            RESIDENT.c.community_id == community_id,
            RESIDENT.c.home_community_id == old[0],
            RESIDENT.c.home_resident_id == old[1],
        )
        .values(home_community_id=new[0], home_resident_id=new[1])
    )


def _taken_up(tx: Tx, row: Any, facts: Any, keys: Keys, now: datetime) -> int:
    """The resident of this community that the person is from now on: who they were here before,
    the guest they have been, or somebody new."""
    resident_id = _known_before(tx, row, facts)
    if resident_id is None:
        person = NewPerson(
            facts["name"],
            name_en=facts["name_en"],
            birth_date=_day(facts["birth_date"]),
            age_band=facts["age_band"],
        )
        [added] = record_residents(
            tx, row.community_id, [person], keys=keys, by=row.decided_by_login_id, now=now
        )
        resident_id = added.resident_id
    else:
        _reopen(tx, row, resident_id, facts, keys, now)
    _record_what_came(tx, row, resident_id, facts, now)
    return resident_id


def _known_before(tx: Tx, row: Any, facts: Any) -> int | None:
    guest = select(RESIDENT.c.id).where(
        RESIDENT.c.community_id == row.community_id,
        RESIDENT.c.home_community_id == row.other_community_id,
        RESIDENT.c.home_resident_id == facts["resident_id"],
    )
    found = tx.run(guest).scalar_one_or_none()
    if found is None and facts.get("came_with"):
        went = table_of(CommunityMove)
        before = (
            select(went.c.resident_id)
            .join(RESIDENT, RESIDENT.c.id == went.c.resident_id)
            .where(
                went.c.community_id == row.community_id,
                went.c.side == "out",
                went.c.move_key.in_(_keys_of(facts["came_with"])),
                RESIDENT.c.state == "moved_on",
            )
            .order_by(went.c.id)
        )
        found = tx.run(before.limit(1)).scalar_one_or_none()
    return found


def _keys_of(texts: list[str]) -> list[UUID]:
    return [UUID(text) for text in texts]


def _reopen(tx: Tx, row: Any, resident_id: int, facts: Any, keys: Keys, now: datetime) -> None:
    """A passbook that is here already goes on, with its number for life and a new card."""
    tx.run(
        update(RESIDENT)
        .where(RESIDENT.c.id == resident_id)
        .values(
            state="active",
            home_community_id=None,
            home_resident_id=None,
            **name_columns(facts["name"], facts["name_en"]),
        )
    )
    number = tx.run(
        select(RESIDENT.c.passbook_number).where(RESIDENT.c.id == resident_id)
    ).scalar_one()
    newest = tx.run(
        select(func.max(CARD.c.number)).where(CARD.c.number.like(f"{number}__"))
    ).scalar()
    issue = issue_of(newest) + 1 if newest else FIRST_ISSUE
    card = NewCard(row.community_id, resident_id, number, issue)
    record_cards(tx, [card], keys=keys, by=row.decided_by_login_id, now=now)


def _record_what_came(tx: Tx, row: Any, resident_id: int, facts: Any, now: datetime) -> None:
    own = {"community_id": row.community_id, "resident_id": resident_id}
    today = load_today(tx, row.community_id, now)
    home = row.facts.get("home")
    if home:
        lives = Home(
            today, area_id=home["area_id"], building_id=home["building_id"], room=home["room"]
        )
        person = NewPerson(facts["name"], age_band="18_plus", home=lives)
        [placed] = load_placed(tx, row.community_id, [person])
        assert placed.home is not None
        insert_rows(tx, table_of(Residence), [own | home_columns(placed.home)])
    links = [
        own
        | {
            "login_id": link["login_id"],
            "relation": link["relation"],
            "starts_on": today,
            "ends_on": _day(link["ends_on"]),
            "created_at": now,
        }
        for link in facts["links"]
    ]
    consents = [
        own
        | {
            **answer,
            "given_at": datetime.fromisoformat(answer["given_at"]),
            "recorded_by_login_id": row.decided_by_login_id,
        }
        for answer in facts["consents"]
    ]
    phones = [own | {"phone": phone, "noted_at": now} for phone in facts["phones"]]
    numbers = [
        own | {"system": system, "number": number} for system, number in _free(tx, row, facts)
    ]
    for model, rows in (
        (LoginResident, links),
        (Consent, consents),
        (ContactPhone, phones),
        (ExternalNumber, numbers),
    ):
        if rows:
            insert_rows(tx, table_of(model), rows, "ON CONFLICT DO NOTHING")
    _sign_in_with_new_number(tx, resident_id, facts)


def _free(tx: Tx, row: Any, facts: Any) -> list[tuple[str, str]]:
    """Numbers elsewhere that nobody here has: two people with one number are a duplicate, which
    staff see by their names."""
    table = table_of(ExternalNumber)
    return [
        (system, number)
        for system, number in facts["numbers"]
        if tx.run(
            select(table.c.id).where(
                table.c.community_id == row.community_id,
                table.c.system == system,
                table.c.number == number,
            )
        ).first()
        is None
    ]


def _sign_in_with_new_number(tx: Tx, resident_id: int, facts: Any) -> None:
    """Who signed in with the old number does so with the new one, which their card shows."""
    new = select(RESIDENT.c.passbook_number).where(RESIDENT.c.id == resident_id)
    tx.run(
        update(_LOGIN)
        .where(_LOGIN.c.passbook_number == facts["passbook_number"])
        .values(passbook_number=new.scalar_subquery())
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
