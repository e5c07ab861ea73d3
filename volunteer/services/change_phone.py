"""A new phone number for one's own sign-in.

Two proofs: the PIN or password, and a code that went from the staff's hand to the person's. The
number itself proves nothing, for nobody here can send it a message; and a PIN that somebody has
looked over a shoulder must not be enough to move a passbook to another phone for good.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update
from werkzeug.security import check_password_hash

from volunteer.domain.access import Principal, Relation
from volunteer.domain.activation import StoredCode, parse_activation_code
from volunteer.domain.phone import mask_phone, parse_phone
from volunteer.domain.pin import PASSWORD_LONGEST, normal_secret
from volunteer.domain.refusals import Code, Refusal, Refused, or_refuse, refuse
from volunteer.domain.sign_in import Identity, IdentityKind
from volunteer.domain.tokens import Keys
from volunteer.store.activation import load_code_to_use, record_code_used
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.logins import (
    load_login,
    record_sessions_revoked,
    record_tries_forgotten,
    record_try,
    throttle_key,
)
from volunteer.store.models import Login


@dataclass(frozen=True)
class NewPhone:
    """As typed. ``code`` is the one-time code of the staff, or the strip's where it is unused."""

    phone: str
    secret: str = field(repr=False)
    code: str = field(repr=False)


def change_phone(new: NewPhone, *, principal: Principal, keys: Keys, now: datetime) -> None:
    """Sign in with another phone from now on. The old number is free at once, and every other
    browser is signed out.

    Raises Refused: ``phone_invalid``, ``secret_wrong``, ``throttled``, ``phone_taken`` (by another,
    or one's own already), ``activation_code_wrong``, ``…_expired``, ``…_used_up``. Wrong secrets
    and codes are counted although nothing else is written.
    """
    phone = or_refuse(parse_phone(new.phone), "phone")
    code = parse_activation_code(new.code)
    if code is None:
        raise refuse(Code.ACTIVATION_CODE_WRONG)
    key_hash = throttle_key(keys.sign_in_throttle, f"change:{principal.login_id}", None)
    secret_hash = _counted_try(principal, key_hash, now)
    if not check_password_hash(secret_hash, normal_secret(new.secret[: 4 * PASSWORD_LONGEST])):
        raise refuse(Code.SECRET_WRONG)

    def work(tx: Tx) -> Refusal | None:
        if load_login(tx, Identity(IdentityKind.PHONE, phone)) is not None:
            return Refusal(Code.PHONE_TAKEN)
        found = _load_code(tx, principal, code, keys, now)
        if isinstance(found, Refusal):
            return found
        record_code_used(tx, found.id, now)
        record_tries_forgotten(tx, key_hash)
        _record_phone(tx, principal, phone, now)
        return None

    refusal = transact(work, principal.scope)
    if refusal:
        raise Refused(refusal)


def _counted_try(principal: Principal, key_hash: bytes, now: datetime) -> str:
    def work(tx: Tx) -> str:
        record_try(tx, key_hash, now)
        known = select(Login.secret_hash).where(Login.id == principal.login_id)
        return tx.run(known).scalar_one() or ""

    return transact(work, principal.scope)


def _load_code(
    tx: Tx, principal: Principal, code: str, keys: Keys, now: datetime
) -> StoredCode | Refusal:
    """A code of one of the passbooks that are the person's own."""
    answer: StoredCode | Refusal = Refusal(Code.ACTIVATION_CODE_WRONG)
    for own in principal.acts_for:
        if own.relation is Relation.SELF:
            answer = load_code_to_use(tx, own.resident_id, code, keys.activation_code, now)
            if isinstance(answer, StoredCode):
                return answer
    return answer


def _record_phone(tx: Tx, principal: Principal, phone: str, now: datetime) -> None:
    login_id = principal.login_id
    before = tx.run(select(Login.phone).where(Login.id == login_id)).scalar()
    tx.run(update(Login).where(Login.id == login_id).values(phone=phone))
    record_sessions_revoked(tx, login_id, now, but_session_id=principal.session_id)
    record_audit(
        tx,
        now=now,
        action="phone_changed",
        subject_kind="login",
        subject_id=login_id,
        community_id=None,
        login_id=login_id,
        facts={"from": mask_phone(before) if before else None, "to": mask_phone(phone)},
    )
