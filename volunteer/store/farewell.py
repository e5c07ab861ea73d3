"""When somebody moves away or dies: what ends that day, and what is closed for good."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, delete, exists, select, update

from volunteer.store.database import Tx
from volunteer.store.models import (
    ActivationCode,
    Card,
    HouseholdMember,
    Login,
    LoginResident,
    Membership,
    Residence,
    SignInSession,
)
from volunteer.store.models.base import table_of

_CARD, _CODE = table_of(Card), table_of(ActivationCode)
_MEMBER = table_of(HouseholdMember)
_LINK, _LOGIN, _SESSION = table_of(LoginResident), table_of(Login), table_of(SignInSession)


def record_what_ends(tx: Tx, resident_id: int, day: date) -> None:
    """Homes and youth groups end on ``day``, or would have begun after it and never do: whoever
    left counts on no building's board."""
    for model in (Residence, Membership):
        table = table_of(model)
        tx.run(delete(table).where(table.c.resident_id == resident_id, table.c.starts_on > day))
        running = table.c.ends_on.is_(None) | (table.c.ends_on > day)
        tx.run(update(table).where(table.c.resident_id == resident_id, running).values(ends_on=day))


def record_household_left(tx: Tx, resident_id: int, now: datetime) -> None:
    """They belong to no household any more, and whoever asked them into one has their answer."""
    own = update(_MEMBER).where(_MEMBER.c.resident_id == resident_id)
    tx.run(own.where(_MEMBER.c.state == "agreed").values(state="left", left_at=now))
    tx.run(own.where(_MEMBER.c.state == "asked").values(state="declined", answered_at=now))


def record_closed(tx: Tx, resident_id: int, now: datetime) -> None:
    """Of somebody who died: cards check in no more, strips bind no phone, and the sign-in of their
    own is closed with every browser that is open. Guardians' and helpers' stay: they have others.
    """
    record_household_left(tx, resident_id, now)
    tx.run(
        update(_CARD)
        .where(_CARD.c.resident_id == resident_id, _CARD.c.state == "active")
        .values(state="revoked", ended_at=now)
    )
    tx.run(
        update(_CODE)
        .where(
            _CODE.c.resident_id == resident_id,
            _CODE.c.used_at.is_(None),
            _CODE.c.expires_at > now,
        )
        .values(expires_at=now)
    )
    closing = (
        update(_LOGIN)
        .where(_is_own(resident_id), ~_is_own_of_another(resident_id))
        .values(deactivated_at=now)
    )
    closed = list(tx.run(closing.returning(_LOGIN.c.id)).scalars())
    if closed:
        tx.run(
            update(_SESSION)
            .where(_SESSION.c.login_id.in_(closed), _SESSION.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )


def record_opened_again(tx: Tx, resident_id: int) -> None:
    """It was a mistake: the sign-in works again; a card is made anew."""
    tx.run(update(_LOGIN).where(_is_own(resident_id)).values(deactivated_at=None))


def _is_own(resident_id: int) -> ColumnElement[bool]:
    return _LOGIN.c.id.in_(
        select(_LINK.c.login_id).where(
            _LINK.c.resident_id == resident_id,
            _LINK.c.relation == "self",
            _LINK.c.revoked_at.is_(None),
        )
    )


def _is_own_of_another(resident_id: int) -> ColumnElement[bool]:
    return exists().where(
        _LINK.c.login_id == _LOGIN.c.id,
        _LINK.c.resident_id != resident_id,
        _LINK.c.relation == "self",
        _LINK.c.revoked_at.is_(None),
    )
