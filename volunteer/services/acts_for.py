"""Guardians and helpers: which other logins may use somebody's passbook.

One's own phone is tied with a code (``activation``), never here: numbers are resold, so staff
writing a number down would hand the passbook to whoever has it now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select
from werkzeug.security import check_password_hash

from volunteer.domain.access import Principal, Relation, Scope
from volunteer.domain.family import decide_link, may_end_link
from volunteer.domain.phone import mask_phone, parse_phone
from volunteer.domain.pin import PASSWORD_LONGEST, normal_secret
from volunteer.domain.refusals import Code, Refusal, Refused, or_refuse, refuse
from volunteer.domain.sign_in import Identity, IdentityKind, parse_identity
from volunteer.domain.tokens import Keys
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.family import load_running_link, record_link, record_link_ended
from volunteer.store.logins import (
    NOBODYS_HASH,
    load_login,
    record_tries_forgotten,
    record_try,
    throttle_key,
)
from volunteer.store.models import Login, LoginResident, Resident
from volunteer.store.rows import load_row, load_today


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
    ``dates_reversed``, ``guardian_of_adult``, ``second_person_needed`` (one's own login).
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
        if login.id == by:
            raise refuse(Code.SECOND_PERSON_NEEDED)
        refusal = decide_link(new.relation, resident.birth_date, resident.age_band, new.starts_on)
        if refusal:
            raise refuse(refusal.code, field="relation")
        if load_running_link(tx, login.id, resident_id, new.starts_on):
            raise refuse(Code.ALREADY_EXISTS)
        days = new.starts_on, new.ends_on
        link_id = record_link(tx, login.id, resident, new.relation, days, now)
        _audit_link(tx, "link_added", resident, new.relation, by, now, phone=mask_phone(phone))
        return link_id

    return transact(work, scope)


def end_link(link_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Take a link away, one's own included, from the next request on.

    Raises Refused: ``not_found``, ``changed_meanwhile`` (it has ended already).
    """

    def work(tx: Tx) -> None:
        _end(tx, load_row(tx, LoginResident, link_id), by, now)

    transact(work, scope)


def end_link_myself(link_id: int, *, principal: Principal, now: datetime) -> None:
    """Lay down what one does for another, or send a helper away.

    Raises Refused: ``not_found`` (also for a link that is none of one's business),
    ``permission_missing`` (a guardian is taken off by staff only), ``changed_meanwhile``.
    """

    def work(tx: Tx) -> None:
        link = load_row(tx, LoginResident, link_id)
        is_mine = link.login_id == principal.login_id
        mine = next(
            (one.relation for one in principal.acts_for if one.resident_id == link.resident_id),
            None,
        )
        if mine is None and not is_mine:
            raise refuse(Code.NOT_FOUND)
        if not may_end_link(mine, Relation(link.relation), is_mine=is_mine):
            raise refuse(Code.PERMISSION_MISSING)
        _end(tx, link, principal.login_id, now)

    transact(work, Scope(principal.scope.community_ids))


def help_with_secret(
    typed: str, secret: str, *, by: int, keys: Keys, now: datetime
) -> tuple[int, ...]:
    """Let the login ``by`` act as helper for the person whose number and PIN these are; who tells
    both agrees. Gives the residents' ids, of each community where that person has a passbook.

    Raises Refused: ``sign_in_failed`` for an unknown number, a wrong secret, a login without a
    passbook; ``throttled``, counted together with tries to sign in; ``phone_invalid``,
    ``number_invalid``; ``acts_for_already``.
    """
    identity = or_refuse(parse_identity(typed))
    key_hash = throttle_key(keys.sign_in_throttle, identity.value, None)

    def count(tx: Tx) -> Row[Any] | None:
        record_try(tx, key_hash, now)
        return tx.run(_whose(identity)).first()

    found = transact(count, Scope.everything())
    secret = normal_secret(secret[: 4 * PASSWORD_LONGEST])
    # As long for a number that nobody has, and never while the write lock is held.
    fits = check_password_hash((found and found.secret_hash) or NOBODYS_HASH, secret)
    if found is None or not found.secret_hash or not fits:
        raise refuse(Code.SIGN_IN_FAILED)

    def work(tx: Tx) -> tuple[int, ...] | Refusal:
        record_tries_forgotten(tx, key_hash)
        added = []
        for resident in tx.run(_own_residents(found.id)):
            today = load_today(tx, resident.community_id, now)
            if load_running_link(tx, by, resident.id, today):
                continue
            record_link(tx, by, resident, Relation.HELPER, (today, None), now)
            _audit_link(tx, "link_added", resident, Relation.HELPER, by, now, by_code="secret")
            added.append(resident.id)
        return tuple(added) or Refusal(Code.ACTS_FOR_ALREADY)

    answer = transact(work, Scope.everything())
    if isinstance(answer, Refusal):
        raise Refused(answer)
    return answer


def _whose(identity: Identity) -> Any:
    """The login behind a phone, or behind the passbook number of the person it belongs to."""
    statement = select(Login.id, Login.secret_hash).where(Login.deactivated_at.is_(None))
    if identity.kind is IdentityKind.PHONE:
        return statement.where(Login.phone == identity.value)
    return (
        statement.join(LoginResident, LoginResident.login_id == Login.id)
        .join(Resident, Resident.id == LoginResident.resident_id)
        .where(
            Resident.passbook_number == identity.value,
            LoginResident.relation == Relation.SELF.value,
            LoginResident.revoked_at.is_(None),
            LoginResident.ends_on.is_(None),
        )
        .order_by(Login.id)
    )


def _own_residents(login_id: int) -> Any:
    return (
        select(Resident.id, Resident.community_id)
        .join(LoginResident, LoginResident.resident_id == Resident.id)
        .where(
            LoginResident.login_id == login_id,
            LoginResident.relation == Relation.SELF.value,
            LoginResident.revoked_at.is_(None),
            LoginResident.ends_on.is_(None),
            Resident.state.in_(("active", "provisional", "moved_away")),
        )
        .order_by(Resident.id)
    )


def _end(tx: Tx, link: Row[Any], by: int, now: datetime) -> None:
    today = load_today(tx, link.community_id, now)
    if link.revoked_at is not None or (link.ends_on is not None and link.ends_on < today):
        raise refuse(Code.CHANGED_MEANWHILE)
    record_link_ended(tx, link, today, now)
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


def _audit_link(
    tx: Tx,
    action: str,
    resident: Row[Any],
    relation: Relation,
    by: int,
    now: datetime,
    **facts: str,
) -> None:
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="resident",
        subject_id=resident.id,
        community_id=resident.community_id,
        login_id=by,
        facts={"relation": relation.value, **facts},
    )
