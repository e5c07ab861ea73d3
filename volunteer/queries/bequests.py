"""The points of those who died: proposals that wait, and who of the family could get them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, union
from sqlalchemy.orm import aliased

from volunteer.domain.access import Scope
from volunteer.domain.bequests import MAY_RECEIVE
from volunteer.queries.person import PersonKey
from volunteer.store.database import db
from volunteer.store.models import (
    Account,
    Bequest,
    HouseholdMember,
    Login,
    LoginResident,
    Resident,
)


@dataclass(frozen=True)
class BequestShown:
    """A proposal. ``to_name`` is None for the care pool; ``amount_points`` what went, once
    approved; ``balance_points`` what is in the passbook now."""

    bequest_id: int
    community_id: int
    ref: str
    name: str
    name_en: str | None
    to_name: str | None
    to_name_en: str | None
    to_number: str | None
    state: str
    amount_points: int
    balance_points: int
    owed_points: int
    proposed_at: datetime
    proposed_by_login_id: int
    proposed_by: str
    decided_at: datetime | None


@dataclass(frozen=True)
class Relative:
    """Somebody who shares a sign-in or a household with the person."""

    resident_id: int
    name: str
    name_en: str | None
    passbook_number: str


def read_waiting_bequests(scope: Scope, community_id: int) -> tuple[BequestShown, ...]:
    """Proposals that wait for a second person, the oldest first."""
    if not scope.sees(community_id):
        return ()
    wanted = _statement().where(Bequest.community_id == community_id, Bequest.state == "waiting")
    return tuple(_shown(row) for row in db.session.execute(wanted.order_by(Bequest.id)))


def read_bequest(scope: Scope, bequest_id: int) -> BequestShown | None:
    row = db.session.execute(_statement().where(Bequest.id == bequest_id)).first()
    return _shown(row) if row and scope.sees(row.community_id) else None


def read_bequests_of(scope: Scope, person: PersonKey) -> tuple[BequestShown, ...]:
    """What was proposed for somebody's points, the newest first."""
    if not scope.sees(person.community_id):
        return ()
    wanted = _statement().where(
        Bequest.community_id == person.community_id, Bequest.resident_id == person.resident_id
    )
    return tuple(_shown(row) for row in db.session.execute(wanted.order_by(Bequest.id.desc())))


def read_relatives(scope: Scope, person: PersonKey) -> tuple[Relative, ...]:
    """Who could get the points, as far as the books know the family."""
    if not scope.sees(person.community_id):
        return ()
    own, theirs = aliased(LoginResident), aliased(LoginResident)
    mine, member = aliased(HouseholdMember), aliased(HouseholdMember)
    together = union(
        select(theirs.resident_id)
        .join(own, own.login_id == theirs.login_id)
        .where(own.resident_id == person.resident_id, theirs.revoked_at.is_(None)),
        select(member.resident_id)
        .join(mine, mine.household_id == member.household_id)
        .where(
            mine.resident_id == person.resident_id,
            mine.community_id == person.community_id,
            mine.state.in_(("agreed", "left")),  # the person's own ended when they died
            member.state == "agreed",
        ),
    ).subquery()
    [column] = together.c
    rows = db.session.execute(
        select(Resident.id, Resident.name, Resident.name_en, Resident.passbook_number)
        .join(together, column == Resident.id)
        .where(
            Resident.community_id == person.community_id,
            Resident.id != person.resident_id,
            Resident.state.in_(sorted(MAY_RECEIVE)),
            Resident.home_resident_id.is_(None),
        )
        .order_by(Resident.id)
    )
    return tuple(Relative(*row) for row in rows)


def find_receiver(scope: Scope, community_id: int, passbook_number: str) -> int | None:
    """The resident with this passbook number in this community."""
    if not scope.sees(community_id):
        return None
    return db.session.scalar(
        select(Resident.id).where(
            Resident.community_id == community_id, Resident.passbook_number == passbook_number
        )
    )


def _statement() -> Any:
    to, proposer = aliased(Resident), aliased(Login)
    return (
        select(
            Bequest.id,
            Bequest.community_id,
            Resident.ref,
            Resident.name,
            Resident.name_en,
            to.name.label("to_name"),
            to.name_en.label("to_name_en"),
            to.passbook_number.label("to_number"),
            Bequest.state,
            Bequest.amount_points,
            Account.balance_points,
            Account.owed_points,
            Bequest.proposed_at,
            Bequest.proposed_by_login_id,
            proposer.name.label("proposed_by"),
            Bequest.decided_at,
        )
        .join(Resident, Resident.id == Bequest.resident_id)
        .join(Account, Account.resident_id == Bequest.resident_id)
        .join(proposer, proposer.id == Bequest.proposed_by_login_id)
        .outerjoin(to, to.id == Bequest.to_resident_id)
    )


def _shown(row: Any) -> BequestShown:
    return BequestShown(*tuple(row))
