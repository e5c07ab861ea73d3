"""Households by agreement: somebody founds one and asks others in, and each answers for themself.

A number that is typed names somebody and proves nothing, so it only puts a question on their own
page; whether anybody has that number is not told. Only who agreed is named to the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update

from volunteer.domain.access import Principal, Relation, Scope
from volunteer.domain.age import age_band_on
from volunteer.domain.households import MOST_MEMBERS, may_speak_for
from volunteer.domain.names import parse_line
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.domain.sign_in import IdentityKind, parse_identity
from volunteer.store.audit import record_audit
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx, transact
from volunteer.store.models import Household, HouseholdMember, Resident
from volunteer.store.models.base import table_of
from volunteer.store.rows import load_row, load_today, record_row

LONGEST_NAME = 40

_member = table_of(HouseholdMember)
_resident = table_of(Resident)


@dataclass(frozen=True)
class OnPaper:
    """What staff write down: a person who signed. ``with_number``: the passbook number of somebody
    who belongs to the household already; empty founds a new one called ``name``."""

    resident_id: int
    name: str = ""
    with_number: str = ""


def found(resident_id: int, name: str, *, principal: Principal, now: datetime) -> int:
    """A household of which the person is the first member. Gives its id.

    Raises Refused: ``not_found``, ``permission_missing`` (not one's own passbook, or under 18),
    ``household_taken``, ``name_missing``, ``text_too_long``.
    """
    called = _household_name(name)

    def work(tx: Tx) -> int:
        person = _load_mine(tx, resident_id, principal, now)
        _require_free(tx, person.id)
        household_id = _record_household(tx, person.community_id, called, now)
        _record_agreed(tx, household_id, person, principal.login_id, _how(principal, person), now)
        return household_id

    return transact(work, principal.scope)


def ask(resident_id: int, typed: str, *, principal: Principal, now: datetime) -> None:
    """Ask the person with this passbook or card number into the household of ``resident_id``.
    The same happens, as far as anybody sees, when there is nobody with that number.

    Raises Refused: ``not_found``, ``permission_missing``, ``household_missing``,
    ``household_full``, ``number_invalid``.
    """
    identity = or_refuse(parse_identity(typed), "number")
    if identity.kind is not IdentityKind.PASSBOOK_NUMBER:
        raise refuse(Code.NUMBER_INVALID, field="number")

    def work(tx: Tx) -> None:
        mine = _load_mine(tx, resident_id, principal, now)
        household_id = _require_household(tx, mine.id)
        _require_room(tx, household_id)
        asked = tx.run(
            select(_resident.c.id, _resident.c.community_id).where(
                _resident.c.passbook_number == identity.value,
                _resident.c.community_id == mine.community_id,
                _resident.c.state.in_(("active", "provisional")),
            )
        ).first()
        if asked is not None:
            _record_asked(tx, household_id, asked, principal.login_id, now)

    transact(work, principal.scope)


def bring(resident_id: int, ward_id: int, *, principal: Principal, now: datetime) -> None:
    """Take a child whose guardian one is into one's household: the guardian's word is enough.

    Raises Refused: ``not_found``, ``permission_missing``, ``household_missing``,
    ``household_full``, ``household_taken``.
    """

    def work(tx: Tx) -> None:
        mine = _load_mine(tx, resident_id, principal, now)
        ward = _load_mine(tx, ward_id, principal, now)
        household_id = _require_household(tx, mine.id)
        if ward.community_id != mine.community_id:
            raise refuse(Code.NOT_FOUND)
        _require_room(tx, household_id)
        _require_free(tx, ward.id)
        _end_questions(tx, household_id, ward.id)
        _record_agreed(tx, household_id, ward, principal.login_id, _how(principal, ward), now)

    transact(work, principal.scope)


def answer(member_id: int, agrees: bool, *, principal: Principal, now: datetime) -> None:
    """Say yes or no to a question, for oneself or for one's child.

    Raises Refused: ``not_found``, ``permission_missing``, ``changed_meanwhile`` (answered
    already), ``household_taken``.
    """

    def work(tx: Tx) -> None:
        asked = load_row(tx, HouseholdMember, member_id)
        person = _load_mine(tx, asked.resident_id, principal, now)
        if asked.state != "asked":
            raise refuse(Code.CHANGED_MEANWHILE)
        if agrees:
            _require_free(tx, person.id)
        state = "agreed" if agrees else "declined"
        tx.run(
            update(_member)
            .where(_member.c.id == member_id)
            .values(
                state=state,
                answered_at=now,
                answered_by_login_id=principal.login_id,
                answered_how=_how(principal, person),
            )
        )
        _audit(tx, f"household_{state}", person, principal.login_id, now)

    transact(work, principal.scope)


def leave(member_id: int, *, principal: Principal, now: datetime) -> None:
    """Belong to the household no longer. Raises Refused: ``not_found``, ``permission_missing``,
    ``changed_meanwhile``."""

    def work(tx: Tx) -> None:
        member = load_row(tx, HouseholdMember, member_id)
        person = _load_mine(tx, member.resident_id, principal, now)
        _record_left(tx, member, person, principal.login_id, now)

    transact(work, principal.scope)


def record_on_paper(new: OnPaper, *, by: int, now: datetime, scope: Scope) -> int:
    """Write down that somebody signed on paper that they belong to a household. Gives its id.

    Raises Refused: ``not_found``, ``household_taken``, ``household_missing`` (nobody with that
    number belongs to one), ``household_full``, ``number_invalid``, ``name_missing``.
    """
    typed = new.with_number.strip()
    identity = or_refuse(parse_identity(typed), "with_number") if typed else None
    called = "" if typed else _household_name(new.name)

    def work(tx: Tx) -> int:
        person = load_row(tx, Resident, new.resident_id)
        _require_free(tx, person.id)
        if identity is None:
            household_id = _record_household(tx, person.community_id, called, now)
        else:
            other = tx.run(
                select(_resident.c.id).where(
                    _resident.c.passbook_number == identity.value,
                    _resident.c.community_id == person.community_id,
                )
            ).scalar()
            household_id = _require_household(tx, other)
            _require_room(tx, household_id)
            _end_questions(tx, household_id, person.id)
        _record_agreed(tx, household_id, person, by, "paper", now)
        return household_id

    return transact(work, scope)


def end_membership(member_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Staff take somebody out who asks them to. Raises Refused: ``not_found``,
    ``changed_meanwhile``."""

    def work(tx: Tx) -> None:
        member = load_row(tx, HouseholdMember, member_id)
        _record_left(tx, member, load_row(tx, Resident, member.resident_id), by, now)

    transact(work, scope)


def _household_name(name: str) -> str:
    called = or_refuse(parse_line(name, LONGEST_NAME), "name")
    if not called:
        raise refuse(Code.NAME_MISSING, field="name")
    return called


def _load_mine(tx: Tx, resident_id: int, principal: Principal, now: datetime) -> Row[Any]:
    """A person for whom the principal speaks, locked: nobody joins two households at once."""
    relation = _relation(principal, resident_id)
    if relation is None:
        raise refuse(Code.NOT_FOUND)
    person = load_row(tx, Resident, resident_id)
    today = load_today(tx, person.community_id, now)
    if not may_speak_for(relation, age_band_on(person.birth_date, person.age_band, today)):
        raise refuse(Code.PERMISSION_MISSING)
    return person


def _relation(principal: Principal, resident_id: int) -> Relation | None:
    mine = (one.relation for one in principal.acts_for if one.resident_id == resident_id)
    return next(mine, None)


def _how(principal: Principal, person: Row[Any]) -> str:
    return "self" if _relation(principal, person.id) is Relation.SELF else "guardian"


def _load_household(tx: Tx, resident_id: int | None) -> int | None:
    return tx.run(
        select(_member.c.household_id).where(
            _member.c.resident_id == resident_id, _member.c.state == "agreed"
        )
    ).scalar()


def _require_free(tx: Tx, resident_id: int) -> None:
    if _load_household(tx, resident_id) is not None:
        raise refuse(Code.HOUSEHOLD_TAKEN)


def _require_household(tx: Tx, resident_id: int | None) -> int:
    household_id = _load_household(tx, resident_id)
    if household_id is None:
        raise refuse(Code.HOUSEHOLD_MISSING)
    return household_id


def _require_room(tx: Tx, household_id: int) -> None:
    # Locked, so that two who ask at once do not both get the last place.
    tx.run(select(Household.id).where(Household.id == household_id).with_for_update())
    counted = tx.run(
        select(func.count()).where(
            _member.c.household_id == household_id, _member.c.state.in_(("asked", "agreed"))
        )
    ).scalar_one()
    if counted >= MOST_MEMBERS:
        raise refuse(Code.HOUSEHOLD_FULL, most=MOST_MEMBERS)


def _record_household(tx: Tx, community_id: int, name: str, now: datetime) -> int:
    row = {"community_id": community_id, "name": name, "created_at": now}
    return record_row(tx, Household, row)


def _end_questions(tx: Tx, household_id: int, resident_id: int) -> None:
    """A question that the person's agreement makes idle."""
    tx.run(
        _member.delete().where(
            _member.c.household_id == household_id,
            _member.c.resident_id == resident_id,
            _member.c.state == "asked",
        )
    )


def _record_asked(tx: Tx, household_id: int, person: Row[Any], by: int, now: datetime) -> None:
    """Once: who was asked, belongs or said no to this household is not asked again."""
    before = select(_member.c.id).where(
        _member.c.household_id == household_id,
        _member.c.resident_id == person.id,
        _member.c.state.in_(("asked", "agreed", "declined")),
    )
    if tx.run(before).first():
        return
    row = {
        "community_id": person.community_id,
        "household_id": household_id,
        "resident_id": person.id,
        "state": "asked",
        "asked_at": now,
        "asked_by_login_id": by,
    }
    insert_rows(tx, _member, [row], "ON CONFLICT DO NOTHING")
    _audit(tx, "household_asked", person, by, now)


def _record_agreed(
    tx: Tx, household_id: int, person: Row[Any], by: int, how: str, now: datetime
) -> None:
    row = {
        "community_id": person.community_id,
        "household_id": household_id,
        "resident_id": person.id,
        "state": "agreed",
        "asked_at": now,
        "asked_by_login_id": by,
        "answered_at": now,
        "answered_by_login_id": by,
        "answered_how": how,
    }
    insert_rows(tx, _member, [row])
    _audit(tx, "household_agreed", person, by, now, how)


def _record_left(tx: Tx, member: Row[Any], person: Row[Any], by: int, now: datetime) -> None:
    if member.state != "agreed":
        raise refuse(Code.CHANGED_MEANWHILE)
    tx.run(update(_member).where(_member.c.id == member.id).values(state="left", left_at=now))
    _audit(tx, "household_left", person, by, now)


def _audit(
    tx: Tx, action: str, person: Row[Any], by: int, now: datetime, how: str | None = None
) -> None:
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="resident",
        subject_id=person.id,
        community_id=person.community_id,
        login_id=by,
        facts={"how": how} if how else {},
    )
