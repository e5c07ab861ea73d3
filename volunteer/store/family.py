"""Whose records a person may not make: their own, their wards', their guardians'."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import or_, select

from volunteer.store.database import Tx
from volunteer.store.models import LoginResident, Resident
from volunteer.store.models.base import table_of

_link = table_of(LoginResident)
_resident = table_of(Resident)


def load_family(
    tx: Tx, community_id: int, login_id: int | None, own_resident_ids: Iterable[int], day: date
) -> frozenset[int]:
    """Residents that ``login_id`` is, or is a guardian of, or that are guardians of its own; with
    the guest passbooks that they have in this community."""
    if login_id is None:
        return frozenset()
    today = or_(_link.c.ends_on.is_(None), _link.c.ends_on >= day)
    guardians = select(_link.c.login_id).where(
        _link.c.resident_id.in_(sorted(own_resident_ids)), _link.c.relation == "guardian", today
    )
    rows = tx.run(
        select(_link.c.resident_id).where(
            today,
            or_(
                (_link.c.login_id == login_id) & _link.c.relation.in_(["self", "guardian"]),
                _link.c.login_id.in_(guardians) & (_link.c.relation == "self"),
            ),
        )
    )
    family = frozenset(rows.scalars()) | frozenset(own_resident_ids)
    guests = tx.run(
        select(_resident.c.id).where(
            _resident.c.community_id == community_id,
            _resident.c.home_resident_id.in_(sorted(family)),
        )
    )
    return family | frozenset(guests.scalars())


def load_own_records(tx: Tx, community_id: int, login_id: int, today: date) -> frozenset[int]:
    """Residents whose lines this login may not touch: itself and its family, as of ``today``."""
    own = tx.run(
        select(_link.c.resident_id).where(
            _link.c.login_id == login_id,
            _link.c.relation == "self",
            or_(_link.c.ends_on.is_(None), _link.c.ends_on >= today),
        )
    )
    return load_family(tx, community_id, login_id, own.scalars().all(), today)


def load_selves(tx: Tx, login_ids: Iterable[int], today: date) -> dict[int, frozenset[int]]:
    """The residents that each of these logins is: one person may sign in with two phones."""
    rows = tx.run(
        select(_link.c.login_id, _link.c.resident_id).where(
            _link.c.login_id.in_(sorted(set(login_ids))),
            _link.c.relation == "self",
            or_(_link.c.ends_on.is_(None), _link.c.ends_on >= today),
        )
    ).all()
    return {
        login_id: frozenset(row.resident_id for row in rows if row.login_id == login_id)
        for login_id in {row.login_id for row in rows}
    }
