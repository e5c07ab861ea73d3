"""Guardians and helpers: which other logins may use somebody's passbook.

One's own phone is tied with a code (``activation``), never here: numbers are resold, so staff
writing a number down would hand the passbook to whoever has it now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update

from volunteer.domain.access import Relation, Scope
from volunteer.domain.phone import mask_phone, parse_phone
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.domain.sign_in import Identity, IdentityKind
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.logins import load_login
from volunteer.store.models import LoginResident, Resident
from volunteer.store.rows import load_row, load_today, record_row


@dataclass(frozen=True)
class NewLink:
    """``phone`` as typed; ``ends_on`` is the last day, None for no end."""

    phone: str
    relation: Relation
    starts_on: date
    ends_on: date | None = None


def add_link(resident_id: int, new: NewLink, *, by: int, now: datetime, scope: Scope) -> int:
    """Let the login with this phone act for a resident as guardian or helper.

    Raises Refused: ``not_found``, ``choice_missing`` (neither guardian nor helper),
    ``phone_invalid``, ``login_unknown`` (nobody signs in with this phone), ``already_exists``,
    ``dates_reversed``.
    """
    phone = or_refuse(parse_phone(new.phone), "phone")
    if new.relation not in (Relation.GUARDIAN, Relation.HELPER):
        raise refuse(Code.CHOICE_MISSING, field="relation")
    if new.ends_on is not None and new.ends_on < new.starts_on:
        raise refuse(Code.DATES_REVERSED, field="ends_on")

    def work(tx: Tx) -> int:
        resident = load_row(tx, Resident, resident_id)
        login = load_login(tx, Identity(IdentityKind.PHONE, phone))
        if login is None or not login.active:
            raise refuse(Code.LOGIN_UNKNOWN, field="phone")
        running = select(LoginResident.id).where(
            LoginResident.login_id == login.id,
            LoginResident.resident_id == resident_id,
            LoginResident.revoked_at.is_(None),
            LoginResident.ends_on.is_(None) | (LoginResident.ends_on >= new.starts_on),
        )
        if tx.run(running).first():
            raise refuse(Code.ALREADY_EXISTS)
        link_id = record_row(
            tx,
            LoginResident,
            {
                "community_id": resident.community_id,
                "login_id": login.id,
                "resident_id": resident_id,
                "relation": new.relation.value,
                "starts_on": new.starts_on,
                "ends_on": new.ends_on,
                "created_at": now,
            },
        )
        record_audit(
            tx,
            now=now,
            action="link_added",
            subject_kind="resident",
            subject_id=resident_id,
            community_id=resident.community_id,
            login_id=by,
            facts={"relation": new.relation.value, "phone": mask_phone(phone)},
        )
        return link_id

    return transact(work, scope)


def end_link(link_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Take a link away, one's own included, from the next request on.

    Raises Refused: ``not_found``, ``changed_meanwhile`` (it has ended already).
    """

    def work(tx: Tx) -> None:
        link = load_row(tx, LoginResident, link_id)
        today = load_today(tx, link.community_id, now)
        if link.revoked_at is not None or (link.ends_on is not None and link.ends_on < today):
            raise refuse(Code.CHANGED_MEANWHILE)
        tx.run(
            update(LoginResident)
            .where(LoginResident.id == link_id)
            .values(ends_on=max(today, link.starts_on), revoked_at=now)
        )
        record_audit(
            tx,
            now=now,
            action="link_ended",
            subject_kind="resident",
            subject_id=link.resident_id,
            community_id=link.community_id,
            login_id=by,
            facts={"relation": link.relation},
        )

    transact(work, scope)
