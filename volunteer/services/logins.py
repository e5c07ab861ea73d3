"""Looking after logins: one's own secret and sessions, and what staff do for others."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, or_, select, update
from werkzeug.security import check_password_hash, generate_password_hash

from volunteer.domain.access import Permission, Principal, Relation, Role, Scope
from volunteer.domain.activation import CODES_AVAILABLE, activation_code_from
from volunteer.domain.names import parse_name
from volunteer.domain.phone import parse_phone
from volunteer.domain.pin import Personal, decide_password, decide_secret, is_pin, normal_secret
from volunteer.domain.refusals import Code, Refused, or_refuse, refuse
from volunteer.domain.sign_in import Identity, IdentityKind
from volunteer.domain.tokens import Keys
from volunteer.store.activation import record_staff_code
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.logins import (
    load_login,
    record_secret,
    record_sessions_revoked,
    record_tries_forgotten,
    record_try,
    throttle_key,
)
from volunteer.store.models import Login, LoginResident, Resident, RoleGrant, SignInSession
from volunteer.store.rows import load_today, require_seen

_TEMPORARY_CHARACTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class NewAdmin:
    """The person who is given a community to set up; everything as typed."""

    name: str
    phone: str
    password: str = field(repr=False)


def create_admin(new: NewAdmin, community_id: int, *, now: datetime, scope: Scope) -> int:
    """A login that is admin of a community; the command line's way in. Gives the login's id.

    A phone that signs in already keeps its name and takes the new password. Raises Refused:
    ``not_found``, and what ``parse_phone``, ``parse_name`` and ``decide_password`` refuse.
    """
    phone, name = (
        or_refuse(parse_phone(new.phone), "phone"),
        or_refuse(parse_name(new.name), "name"),
    )
    password = normal_secret(new.password)
    refusal = decide_password(password, Personal(phone))
    if refusal:
        raise Refused(refusal)
    secret_hash = generate_password_hash(password)

    def work(tx: Tx) -> int:
        require_seen(tx, community_id)
        today = load_today(tx, community_id, now)
        known = load_login(tx, Identity(IdentityKind.PHONE, phone))
        login_id = known.id if known else _record_staff_login(tx, name, phone, now)
        record_secret(tx, login_id, secret_hash, is_pin=False)
        tx.run(update(Login).where(Login.id == login_id).values(deactivated_at=None))
        tx.run(
            insert(RoleGrant).values(
                login_id=login_id,
                role=Role.COMMUNITY_ADMIN.value,
                community_id=community_id,
                starts_on=today,
                created_at=now,
            )
        )
        record_audit(
            tx,
            now=now,
            action="admin_created",
            subject_kind="login",
            subject_id=login_id,
            community_id=community_id,
            login_id=None,
        )
        return login_id

    return transact(work, scope)


def change_secret(old: str, new: str, *, principal: Principal, keys: Keys, now: datetime) -> None:
    """Give one's own login a new PIN or password; every other browser is signed out.

    Raises Refused: ``secret_wrong``, ``throttled``, and what ``decide_secret`` refuses. Who holds
    a role, but for the leader of an event, needs a password: a PIN is too short to stand between a
    guesser and a register.
    """
    login_id = principal.login_id
    key_hash = throttle_key(keys.sign_in_throttle, f"change:{login_id}", None)
    login, personal = _counted_try(login_id, key_hash, now)
    if not check_password_hash(login or "", normal_secret(old)):
        raise refuse(Code.SECRET_WRONG)
    secret = normal_secret(new)
    refusal = decide_secret(secret, personal, staff=principal.is_staff)
    if refusal:
        raise Refused(refusal)
    secret_hash = generate_password_hash(secret)

    def work(tx: Tx) -> None:
        record_tries_forgotten(tx, key_hash)
        record_secret(tx, login_id, secret_hash, is_pin=is_pin(secret))
        record_sessions_revoked(tx, login_id, now, but_session_id=principal.session_id)
        _audit(tx, "secret_changed", login_id, by=login_id, now=now)

    transact(work, principal.scope)


def revoke_session(session_id: int, *, principal: Principal, now: datetime) -> None:
    """Sign one of one's own browsers out. Raises Refused: ``not_found``."""

    def work(tx: Tx) -> None:
        revoked = tx.run(
            update(SignInSession)
            .where(
                SignInSession.id == session_id,
                SignInSession.login_id == principal.login_id,
                SignInSession.revoked_at.is_(None),
            )
            .values(revoked_at=now)
        )
        if revoked.rowcount != 1:
            raise refuse(Code.NOT_FOUND)
        _audit(tx, "session_revoked", principal.login_id, by=principal.login_id, now=now)

    transact(work, principal.scope)


def revoke_other_sessions(*, principal: Principal, now: datetime) -> None:
    """Sign out everywhere but here."""

    def work(tx: Tx) -> None:
        record_sessions_revoked(tx, principal.login_id, now, but_session_id=principal.session_id)
        _audit(tx, "sessions_revoked", principal.login_id, by=principal.login_id, now=now)

    transact(work, principal.scope)


def issue_staff_code(
    resident_id: int, *, principal: Principal, keys: Keys, now: datetime, scope: Scope
) -> str:
    """A one-time code to tell a resident who forgot their PIN or has a new phone; nine digits,
    good for 24 hours, in place of any given before.

    Raises Refused: ``not_found`` outside the scope; ``permission_missing`` when the resident holds
    a role that this member of staff could not have given: with the code one can become them.
    """
    code = activation_code_from(secrets.randbelow(CODES_AVAILABLE))

    def work(tx: Tx) -> str:
        community_id = tx.execute(
            select(Resident.community_id).where(
                Resident.id == resident_id,
                Resident.state.not_in(("merged", "deceased", "rejected", "moved_on")),
            )
        ).scalar()
        if community_id is None or not scope.sees(community_id):
            raise refuse(Code.NOT_FOUND)
        for login_id in _own_logins(tx, resident_id):
            _check_may_take_over(tx, login_id, principal, now)
        record_staff_code(
            tx,
            resident_id=resident_id,
            code=code,
            key=keys.activation_code,
            by=principal.login_id,
            now=now,
        )
        record_audit(
            tx,
            now=now,
            action="staff_code_issued",
            subject_kind="resident",
            subject_id=resident_id,
            community_id=community_id,
            login_id=principal.login_id,
        )
        return code

    return transact(work, scope)


def set_temporary_password(
    login_id: int, *, principal: Principal, now: datetime, scope: Scope
) -> str:
    """A password for a member of staff who is locked out and has no passbook of their own; shown
    once, and changed by its owner. Their browsers are signed out.

    Raises Refused: ``not_found`` for a login without a role in the scope, ``permission_missing``
    when it holds a role that ``principal`` could not have given, or acts for anybody elsewhere:
    a stranger's login could be given a role here only to be taken over.
    """
    password = "-".join(
        "".join(secrets.choice(_TEMPORARY_CHARACTERS) for _ in range(4)) for _ in range(4)
    )
    secret_hash = generate_password_hash(password)

    def work(tx: Tx) -> str:
        grants = _grants(tx, login_id, now)
        if not any(row.community_id and scope.sees(row.community_id) for row in grants):
            raise refuse(Code.NOT_FOUND)
        _check_may_take_over(tx, login_id, principal, now)
        if any(not scope.sees(community_id) for community_id in _communities(tx, login_id)):
            raise refuse(Code.PERMISSION_MISSING)
        record_secret(tx, login_id, secret_hash, is_pin=False)
        record_sessions_revoked(tx, login_id, now)
        _audit(tx, "temporary_password_set", login_id, by=principal.login_id, now=now)
        return password

    return transact(work, scope)


def release_phone(typed: str, *, principal: Principal, now: datetime, scope: Scope) -> None:
    """Take a phone number that was resold off the login of whoever had it before.

    That login signs in with a passbook number from now on. Raises Refused: ``not_found`` when no
    such login has its own passbook in the scope (or, having none, acts for somebody there),
    ``permission_missing`` when it holds a role that ``principal`` could not have given,
    ``number_taken`` when no passbook number is left for it, ``phone_invalid``.
    """
    phone = or_refuse(parse_phone(typed), "phone")

    def work(tx: Tx) -> None:
        rows = _held_links(tx, phone, now)
        own = [row for row in rows if row.relation == Relation.SELF]
        if not any(scope.sees(row.community_id) for row in own or rows):
            raise refuse(Code.NOT_FOUND)
        login_id = rows[0].id
        _check_may_take_over(tx, login_id, principal, now)
        number = rows[0].passbook_number or _free_number(tx, [row.number for row in rows])
        if number is None:
            raise refuse(Code.NUMBER_TAKEN)
        tx.run(update(Login).where(Login.id == login_id).values(phone=None, passbook_number=number))
        record_sessions_revoked(tx, login_id, now)
        _audit(tx, "phone_released", login_id, by=principal.login_id, now=now)

    transact(work, scope)


def _held_links(tx: Tx, phone: str, now: datetime) -> list[Row[Any]]:
    """For whom the login with this phone acts, itself first; a day is left for time zones."""
    yesterday = (now - timedelta(days=1)).date()
    links = (
        select(
            Login.id,
            Login.passbook_number,
            Resident.passbook_number.label("number"),
            LoginResident.community_id,
            LoginResident.relation,
        )
        .join(LoginResident, LoginResident.login_id == Login.id)
        .join(Resident, Resident.id == LoginResident.resident_id)
        .where(
            Login.phone == phone,
            LoginResident.revoked_at.is_(None),
            or_(LoginResident.ends_on.is_(None), LoginResident.ends_on >= yesterday),
        )
        .order_by(LoginResident.relation.desc(), LoginResident.id)
    )
    return list(tx.run(links))


def _record_staff_login(tx: Tx, name: str, phone: str, now: datetime) -> int:
    return tx.execute(
        insert(Login)
        .values(name=name, phone=phone, secret_kind="password", created_at=now)
        .returning(Login.id)
    ).scalar_one()


def _counted_try(login_id: int, key_hash: bytes, now: datetime) -> tuple[str | None, Personal]:
    """The hash to compare with, and what no PIN may be cut from."""

    def work(tx: Tx) -> tuple[str | None, Personal]:
        record_try(tx, key_hash, now)
        login = tx.execute(select(Login.secret_hash, Login.phone).where(Login.id == login_id)).one()
        known = tx.execute(
            select(Resident.birth_date, Resident.passbook_number)
            .join(LoginResident, LoginResident.resident_id == Resident.id)
            .where(LoginResident.login_id == login_id)
        ).all()
        personal = Personal(
            phone=login.phone,
            birth_dates=tuple(row.birth_date for row in known if row.birth_date),
            passbook_numbers=tuple(row.passbook_number for row in known),
        )
        return login.secret_hash, personal

    return transact(work, Scope.nothing())


def _check_may_take_over(tx: Tx, login_id: int, principal: Principal, now: datetime) -> None:
    """Whoever gets into another's login has its roles: only who could give them may let one in."""
    may_give = principal.communities_with(Permission.EDIT_ROLES)
    for row in _grants(tx, login_id, now):
        if row.community_id is None or row.community_id not in may_give:
            raise refuse(Code.PERMISSION_MISSING)


def _grants(tx: Tx, login_id: int, now: datetime) -> list[RoleGrant]:
    """Roles that hold or will hold; a day is left for time zones."""
    yesterday = (now - timedelta(days=1)).date()
    held = select(RoleGrant).where(
        RoleGrant.login_id == login_id,
        RoleGrant.revoked_at.is_(None),
        or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= yesterday),
    )
    return list(tx.execute(held).scalars())


def _communities(tx: Tx, login_id: int) -> list[int]:
    """Where the login acts for somebody."""
    return list(
        tx.execute(
            select(LoginResident.community_id).where(
                LoginResident.login_id == login_id, LoginResident.revoked_at.is_(None)
            )
        ).scalars()
    )


def _own_logins(tx: Tx, resident_id: int) -> list[int]:
    return list(
        tx.execute(
            select(LoginResident.login_id).where(
                LoginResident.resident_id == resident_id,
                LoginResident.relation == "self",
                LoginResident.revoked_at.is_(None),
            )
        ).scalars()
    )


def _free_number(tx: Tx, numbers: list[str]) -> str | None:
    taken = set(
        tx.execute(
            select(Login.passbook_number).where(Login.passbook_number.in_(numbers))
        ).scalars()
    )
    return next((number for number in numbers if number not in taken), None)


def _audit(tx: Tx, action: str, login_id: int, *, by: int, now: datetime) -> None:
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="login",
        subject_id=login_id,
        community_id=None,
        login_id=by,
    )
