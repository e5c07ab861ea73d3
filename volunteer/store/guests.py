"""Guest passbooks: somebody of another community, in the books of the one they help."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from volunteer.domain.admission import as_guest, check_event
from volunteer.domain.passbook_number import passbook_number_from
from volunteer.domain.refusals import Refused
from volunteer.domain.scans import Facts, Person, Row
from volunteer.domain.tokens import EventCode
from volunteer.store.bulk import insert_rows
from volunteer.store.database import TryAgain, Tx
from volunteer.store.ledger import open_passbooks
from volunteer.store.models import Resident
from volunteer.store.models.base import table_of

_resident = table_of(Resident)


def load_guests(tx: Tx, community_id: int, rows: Sequence[Row], facts: Facts) -> None:
    """Find the guest passbooks of the rows' visitors, and open those that are not there yet."""
    visitors = {
        person.resident_id: person
        for person in facts.people.values()
        if person.community_id != community_id
    }
    hosted = {_person_of(row, facts) for row in rows if _takes_guests(row, facts)}
    if not visitors.keys() & hosted:
        return
    known = tx.run(
        select(_resident.c.home_resident_id, _resident.c.id).where(
            _resident.c.community_id == community_id,
            _resident.c.home_resident_id.in_(sorted(visitors)),
        )
    )
    guests = {row.home_resident_id: row.id for row in known}
    new = [visitors[one] for one in visitors if one in hosted and one not in guests]
    if new:
        guests |= _open(tx, community_id, new, max(row.batch.now for row in rows))
    facts.guests = {(community_id, home_id): guest_id for home_id, guest_id in guests.items()}
    for home_id, guest_id in guests.items():
        # Known under both ids, for an undo in the same batch and for the name of an answer.
        facts.people.setdefault(guest_id, as_guest(visitors[home_id], community_id, guest_id))


def _person_of(row: Row, facts: Facts) -> int | None:
    """Whom a row is for, before any rule is asked."""
    scan = row.scan
    if scan.resident_id is not None:
        return scan.resident_id
    if isinstance(scan.presented, EventCode):
        return next(iter(row.batch.recorder.own_resident_ids), None)
    card = facts.cards.get(scan.presented) if scan.presented is not None else None
    return card.resident_id if card is not None and card.state == "active" else None


def _takes_guests(row: Row, facts: Facts) -> bool:
    """Only a scan that its event takes opens a passbook."""
    scan = row.scan
    event = facts.events.get(scan.event_id or 0)
    if event is None or not row.batch.sees(event):
        return False
    if not event.takes_guests or scan.direction != "in":
        return event.takes_guests
    try:
        check_event(scan, event, row.batch.now)
    except Refused:
        return False
    return True


def _open(tx: Tx, community_id: int, people: Sequence[Person], now: datetime) -> dict[int, int]:
    rows = [
        {
            "community_id": community_id,
            "ref": secrets.token_hex(8),
            "passbook_number": passbook_number_from(secrets.randbelow(9_000_000)),
            "state": "active",
            "name": person.name,
            "pinyin": "",
            "initials": "",
            "birth_date": person.birth_date,
            "age_band": person.age_band,
            "home_community_id": person.community_id,
            "home_resident_id": person.resident_id,
            "seal_nonce": secrets.token_bytes(32),
            "created_at": now,
        }
        for person in people
    ]
    opened = insert_rows(
        tx, _resident, rows, "ON CONFLICT DO NOTHING RETURNING id, home_resident_id"
    )
    guests = {row.home_resident_id: row.id for row in opened}
    if len(guests) != len(rows):  # a number drawn twice, or another scan opened it meanwhile
        raise TryAgain
    open_passbooks(tx, community_id, sorted(guests.values()))
    return guests
