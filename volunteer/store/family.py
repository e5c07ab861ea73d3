"""Links between logins and people, and whose records a person may not make: their own, their
wards', their guardians'.

That a link opens nothing any more since the child came of age makes nobody a stranger: for what one
may not record, a link counts until its last day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, or_, select, update

from volunteer.domain.access import Relation
from volunteer.domain.family import link_holds
from volunteer.store.bulk import insert_rows
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


def load_running_link(tx: Tx, login_id: int, resident_id: int, day: date) -> Row[Any] | None:
    """The link by which a login acts for a resident on ``day`` or will later; None also when it is
    a guardian's and the child has come of age, or a child's own."""
    rows = tx.run(
        select(_link, _resident.c.birth_date, _resident.c.age_band)
        .join(_resident, _resident.c.id == _link.c.resident_id)
        .where(
            _link.c.login_id == login_id,
            _link.c.resident_id == resident_id,
            _link.c.revoked_at.is_(None),
            or_(_link.c.ends_on.is_(None), _link.c.ends_on >= day),
        )
        .order_by(_link.c.id)
    )
    holding = (
        row for row in rows if link_holds(Relation(row.relation), row.birth_date, row.age_band, day)
    )
    return next(holding, None)


def record_link(
    tx: Tx,
    login_id: int,
    resident: Row[Any],
    relation: Relation,
    days: tuple[date, date | None],
    now: datetime,
) -> int:
    """Let a login act for a resident (``id``, ``community_id``) from the first of ``days`` to the
    last, or for good. Gives the link's id."""
    starts_on, ends_on = days
    row = {
        "community_id": resident.community_id,
        "login_id": login_id,
        "resident_id": resident.id,
        "relation": relation.value,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "created_at": now,
    }
    return int(insert_rows(tx, _link, [row], "RETURNING id").scalar_one())


def record_link_ended(tx: Tx, link: Row[Any], today: date, now: datetime) -> None:
    """Take a link away from the next request on."""
    tx.run(
        update(_link)
        .where(_link.c.id == link.id)
        .values(ends_on=max(today, link.starts_on), revoked_at=now)
    )
