"""Households as their members and staff see them: who agreed is named, who was asked is counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from volunteer.domain.access import ActsFor, Principal, Scope
from volunteer.domain.age import age_band_on
from volunteer.domain.households import may_speak_for
from volunteer.queries.person import PersonKey
from volunteer.store.database import db
from volunteer.store.models import Household, HouseholdMember, Login, Resident


@dataclass(frozen=True)
class MemberSeen:
    """``is_mine``: I speak for them, and may take them out."""

    member_id: int
    ref: str
    name: str
    name_en: str | None
    how: str | None
    is_mine: bool


@dataclass(frozen=True)
class HouseholdSeen:
    household_id: int
    name: str
    members: tuple[MemberSeen, ...]
    asked: int
    """How many have not answered yet; they are not named."""


@dataclass(frozen=True)
class QuestionSeen:
    """Somebody asks me, or my child, into a household."""

    member_id: int
    name: str
    name_en: str | None
    household: str
    asked_by: str | None


@dataclass(frozen=True)
class OwnHouseholds:
    """``speaks_for``: myself when I am grown up, and my children; ``free``: those of them that
    belong nowhere yet."""

    households: tuple[HouseholdSeen, ...]
    questions: tuple[QuestionSeen, ...]
    speaks_for: tuple[ActsFor, ...]
    free: tuple[ActsFor, ...]


def read_own_households(principal: Principal, day: date) -> OwnHouseholds:
    """Of everybody for whom the principal speaks, in three statements."""
    speaks_for = _speaks_for(principal, day)
    ids = [one.resident_id for one in speaks_for]
    rows = db.session.execute(
        select(
            HouseholdMember.id,
            HouseholdMember.household_id,
            HouseholdMember.resident_id,
            HouseholdMember.state,
            Household.name.label("household"),
            Resident.name,
            Resident.name_en,
            Login.name.label("asked_by"),
        )
        .join(Household, Household.id == HouseholdMember.household_id)
        .join(Resident, Resident.id == HouseholdMember.resident_id)
        .outerjoin(Login, Login.id == HouseholdMember.asked_by_login_id)
        .where(HouseholdMember.resident_id.in_(ids), HouseholdMember.state.in_(("asked", "agreed")))
        .order_by(HouseholdMember.id)
    ).all()
    belong = {row.resident_id for row in rows if row.state == "agreed"}
    return OwnHouseholds(
        households=_households({row.household_id for row in rows if row.state == "agreed"}, ids),
        questions=tuple(
            QuestionSeen(row.id, row.name, row.name_en, row.household, row.asked_by)
            for row in rows
            if row.state == "asked"
        ),
        speaks_for=speaks_for,
        free=tuple(one for one in speaks_for if one.resident_id not in belong),
    )


def read_household_of(scope: Scope, key: PersonKey) -> HouseholdSeen | None:
    """The household that a person belongs to, for staff; None also outside the scope."""
    if not scope.sees(key.community_id):
        return None
    belongs = select(HouseholdMember.household_id).where(
        HouseholdMember.resident_id == key.resident_id, HouseholdMember.state == "agreed"
    )
    rows = _members(HouseholdMember.household_id.in_(belongs))
    return next(iter(_grouped(rows, ())), None)


def _speaks_for(principal: Principal, day: date) -> tuple[ActsFor, ...]:
    ids = [one.resident_id for one in principal.acts_for]
    ages = {
        row.id: age_band_on(row.birth_date, row.age_band, day)
        for row in db.session.execute(
            select(Resident.id, Resident.birth_date, Resident.age_band).where(Resident.id.in_(ids))
        )
    }
    return tuple(
        one
        for one in principal.acts_for
        if one.resident_id in ages and may_speak_for(one.relation, ages[one.resident_id])
    )


def _households(ids: set[int], mine: list[int]) -> tuple[HouseholdSeen, ...]:
    if not ids:
        return ()
    return _grouped(_members(HouseholdMember.household_id.in_(sorted(ids))), mine)


def _members(which: Any) -> list[Any]:
    return list(
        db.session.execute(
            select(
                HouseholdMember.id,
                HouseholdMember.household_id,
                HouseholdMember.resident_id,
                HouseholdMember.state,
                HouseholdMember.answered_how,
                Household.name.label("household"),
                Resident.ref,
                Resident.name,
                Resident.name_en,
            )
            .join(Household, Household.id == HouseholdMember.household_id)
            .join(Resident, Resident.id == HouseholdMember.resident_id)
            .where(
                which,
                HouseholdMember.state.in_(("asked", "agreed")),
                Resident.state.in_(("active", "provisional", "moved_away")),
            )
            .order_by(HouseholdMember.household_id, HouseholdMember.id)
        )
    )


def _grouped(rows: list[Any], mine: list[int] | tuple[int, ...]) -> tuple[HouseholdSeen, ...]:
    names = {row.household_id: row.household for row in rows}
    return tuple(
        HouseholdSeen(
            household_id,
            name,
            tuple(
                MemberSeen(
                    row.id,
                    row.ref,
                    row.name,
                    row.name_en,
                    row.answered_how,
                    row.resident_id in mine,
                )
                for row in rows
                if row.household_id == household_id and row.state == "agreed"
            ),
            sum(row.household_id == household_id and row.state == "asked" for row in rows),
        )
        for household_id, name in names.items()
    )
