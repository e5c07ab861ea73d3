"""Tying a phone to a passbook with the code from a card's strip, or one that staff gave.

A code proves that its holder has the card's paper in hand or stood before the staff. A number alone
proves nothing: phone numbers are resold, and passbook numbers are read over shoulders.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import insert, or_, select, update
from werkzeug.security import generate_password_hash

from volunteer.domain.access import Relation, Scope
from volunteer.domain.activation import (
    Purpose,
    StoredCode,
    parse_activation_code,
)
from volunteer.domain.family import decide_link
from volunteer.domain.names import parse_name
from volunteer.domain.phone import parse_phone
from volunteer.domain.pin import Personal, decide_secret, is_pin, normal_secret
from volunteer.domain.refusals import Code, Refusal, Refused, refuse
from volunteer.domain.sign_in import Identity, IdentityKind, parse_identity
from volunteer.domain.tokens import Keys
from volunteer.store.activation import load_code_to_use, record_code_used
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.family import load_running_link
from volunteer.store.logins import (
    holds_a_role,
    load_login,
    record_secret,
    record_session,
    record_sessions_revoked,
    record_tries_forgotten,
    record_try,
    throttle_key,
)
from volunteer.store.models import Community, Login, LoginResident, Resident


@dataclass(frozen=True)
class Binding:
    """What somebody without a login fills in. ``phone`` may be empty for one's own passbook;
    ``name`` is asked of who binds another's."""

    number: str
    code: str = field(repr=False)
    relation: Relation
    secret: str = field(repr=False)
    phone: str = ""
    name: str = ""


@dataclass(frozen=True)
class _Bindable:
    """A resident whose code was right."""

    resident_id: int
    community_id: int
    name: str
    passbook_number: str
    birth_date: date | None
    age_band: str | None
    today: date
    code: StoredCode


def bind(binding: Binding, browser: str, *, keys: Keys, now: datetime) -> str:
    """Make a login for a resident, or set a new secret for the one there is (staff code only), and
    sign this browser in. Gives the session token.

    Raises Refused: ``activation_code_wrong`` (for unknown numbers too), ``…_expired``,
    ``…_used_up``, ``throttled``; with the right code also ``already_bound``, ``phone_taken``,
    ``number_taken``, ``guardian_of_adult``, ``own_login_too_young``;
    and what ``parse_phone``, ``parse_name`` and ``decide_secret`` refuse.
    A wrong code is counted although nothing else is written.
    """
    number, code = _parsed(binding.number, binding.code)
    phone, name = _parsed_person(binding)
    secret = normal_secret(binding.secret)
    _raise(decide_secret(secret, Personal(phone, (), (number,)), staff=False))
    # A tenth of a second that must not be spent holding the write lock.
    secret_hash = generate_password_hash(secret)
    token = secrets.token_urlsafe(32)

    def work(tx: Tx) -> Refusal | None:
        found = _use_code(tx, number, code, keys, now)
        if isinstance(found, Refusal):
            return found
        personal = Personal(
            phone, (found.birth_date,) if found.birth_date else (), (found.passbook_number,)
        )
        own = _load_own_login(tx, found) if binding.relation is Relation.SELF else None
        staff = own is not None and holds_a_role(tx, own, found.today)
        refusal = (
            decide_link(binding.relation, found.birth_date, found.age_band, found.today)
            or decide_secret(secret, personal, staff=staff)
            or _decide_binding(tx, found, own, phone)
        )
        if refusal:
            return refusal
        if own is None:
            login_id = _record_login(tx, found, binding.relation, phone, name or found.name, now)
        else:
            login_id = own
            if phone:
                tx.run(update(Login).where(Login.id == own).values(phone=phone))
            record_sessions_revoked(tx, own, now)
        record_secret(tx, login_id, secret_hash, is_pin=is_pin(secret))
        _record_bound(tx, found, login_id, binding.relation, keys, now)
        record_session(tx, login_id, token, browser, now)
        return None

    _raise(transact(work, Scope.everything()))
    return token


def bind_signed_in(
    number: str, code: str, relation: Relation, *, by: int, keys: Keys, now: datetime
) -> None:
    """Let the signed-in login ``by`` act for one more resident.

    Raises Refused like ``bind``, and ``acts_for_already``.
    """
    number, code = _parsed(number, code)

    def work(tx: Tx) -> Refusal | None:
        found = _use_code(tx, number, code, keys, now)
        if isinstance(found, Refusal):
            return found
        refusal = decide_link(relation, found.birth_date, found.age_band, found.today)
        if refusal:
            return refusal
        if load_running_link(tx, by, found.resident_id, found.today):
            return Refusal(Code.ACTS_FOR_ALREADY)
        if relation is Relation.SELF and _load_own_login(tx, found) is not None:
            return Refusal(Code.ALREADY_BOUND)
        _record_relation(tx, found, by, relation, now)
        _record_bound(tx, found, by, relation, keys, now)
        return None

    _raise(transact(work, Scope.everything()))


def _parsed(number: str, code: str) -> tuple[str, str]:
    identity = parse_identity(number)
    if isinstance(identity, Refusal) or identity.kind is not IdentityKind.PASSBOOK_NUMBER:
        raise refuse(Code.NUMBER_INVALID)
    digits = parse_activation_code(code)
    if digits is None:
        raise refuse(Code.ACTIVATION_CODE_WRONG)
    return identity.value, digits


def _parsed_person(binding: Binding) -> tuple[str | None, str | None]:
    own = binding.relation is Relation.SELF
    phone = parse_phone(binding.phone) if binding.phone.strip() or not own else None
    name = None if own else parse_name(binding.name)
    for refused in (phone, name):
        if isinstance(refused, Refusal):
            raise Refused(refused)
    assert not isinstance(phone, Refusal)
    assert not isinstance(name, Refusal)
    return phone, name


def _use_code(tx: Tx, number: str, code: str, keys: Keys, now: datetime) -> _Bindable | Refusal:
    """The resident whose code this is. Tries are counted by number, whether or not it exists."""
    key_hash = throttle_key(keys.sign_in_throttle, f"activate:{number}", None)
    record_try(tx, key_hash, now)
    row = tx.execute(
        select(
            Resident.id,
            Resident.community_id,
            Resident.name,
            Resident.passbook_number,
            Resident.birth_date,
            Resident.age_band,
            Community.time_zone,
        )
        .join(Community, Community.id == Resident.community_id)
        .where(
            Resident.passbook_number == number,
            Resident.state.not_in(("merged", "deceased", "rejected", "moved_on")),
        )
    ).first()
    if row is None:
        return Refusal(Code.ACTIVATION_CODE_WRONG)
    decided = load_code_to_use(tx, row.id, code, keys.activation_code, now)
    if isinstance(decided, Refusal):
        return decided
    record_tries_forgotten(tx, key_hash)
    today = now.astimezone(ZoneInfo(row.time_zone)).date()
    return _Bindable(
        row.id,
        row.community_id,
        row.name,
        row.passbook_number,
        row.birth_date,
        row.age_band,
        today,
        decided,
    )


def _decide_binding(tx: Tx, found: _Bindable, own: int | None, phone: str | None) -> Refusal | None:
    if own is not None and found.code.purpose is not Purpose.STAFF:
        return Refusal(Code.ALREADY_BOUND)
    holder = load_login(tx, Identity(IdentityKind.PHONE, phone)) if phone else None
    if holder is not None and holder.id != own:
        return Refusal(Code.PHONE_TAKEN)
    if own is None and phone is None and _number_holder(tx, found) is not None:
        return Refusal(Code.NUMBER_TAKEN)
    return None


def _load_own_login(tx: Tx, found: _Bindable) -> int | None:
    """The login that is this resident's own."""
    return tx.execute(
        select(Login.id)
        .join(LoginResident, LoginResident.login_id == Login.id)
        .where(
            LoginResident.community_id == found.community_id,
            LoginResident.resident_id == found.resident_id,
            LoginResident.relation == Relation.SELF.value,
            LoginResident.revoked_at.is_(None),
            or_(LoginResident.ends_on.is_(None), LoginResident.ends_on >= found.today),
            Login.deactivated_at.is_(None),
        )
        .order_by(Login.id)
        .with_for_update()
    ).scalar()


def _number_holder(tx: Tx, found: _Bindable) -> int | None:
    holder = load_login(tx, Identity(IdentityKind.PASSBOOK_NUMBER, found.passbook_number))
    return holder.id if holder else None


def _record_login(
    tx: Tx, found: _Bindable, relation: Relation, phone: str | None, name: str, now: datetime
) -> int:
    number = found.passbook_number if relation is Relation.SELF else None
    if number and _number_holder(tx, found) is not None:
        number = None
    login_id = tx.execute(
        insert(Login)
        .values(name=name, phone=phone, passbook_number=number, secret_kind="pin", created_at=now)
        .returning(Login.id)
    ).scalar_one()
    _record_relation(tx, found, login_id, relation, now)
    return login_id


def _record_relation(
    tx: Tx, found: _Bindable, login_id: int, relation: Relation, now: datetime
) -> None:
    tx.run(
        insert(LoginResident).values(
            community_id=found.community_id,
            login_id=login_id,
            resident_id=found.resident_id,
            relation=relation.value,
            starts_on=found.today,
            created_at=now,
        )
    )


def _record_bound(
    tx: Tx, found: _Bindable, login_id: int, relation: Relation, keys: Keys, now: datetime
) -> None:
    record_code_used(tx, found.code.id, now)
    # Whoever forgot a PIN has just been guessing at it: the wait ends with the code.
    identities = [found.passbook_number]
    phone = tx.execute(select(Login.phone).where(Login.id == login_id)).scalar()
    identities += [phone] if phone else []
    for identity in identities:
        record_tries_forgotten(tx, throttle_key(keys.sign_in_throttle, identity, None))
    record_audit(
        tx,
        now=now,
        action="login_bound",
        subject_kind="resident",
        subject_id=found.resident_id,
        community_id=found.community_id,
        login_id=login_id,
        facts={"relation": relation.value, "by_code": found.code.purpose.value},
    )


def _raise(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Refused(refusal)
