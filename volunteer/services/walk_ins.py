"""Walk-ins: strangers who check in with a name and a PIN, and what staff say of them afterwards.

A stranger is never turned away in public: they are there at once, with a passbook, a home and a
sign-in. What they earn is posted when staff confirm them.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import insert, select
from werkzeug.security import generate_password_hash

from volunteer.domain.access import Relation, Scope
from volunteer.domain.age import AgeBand
from volunteer.domain.consents import TEXT_VERSIONS, Consent
from volunteer.domain.names import parse_name
from volunteer.domain.people import AddedPerson, Home, NewPerson
from volunteer.domain.phone import parse_phone
from volunteer.domain.pin import PIN_DIGITS, Personal, decide_pin, normal_secret
from volunteer.domain.refusals import Code, Refusal, Refused, or_refuse, refuse
from volunteer.domain.scans import Batch, Recorder
from volunteer.domain.sign_in import Identity, IdentityKind
from volunteer.domain.tokens import Keys
from volunteer.domain.visits import Visit
from volunteer.domain.walk_ins import How, decide_walk_in
from volunteer.store.audit import record_audit
from volunteer.store.confirmation import Decision, record_confirmed, record_rejected
from volunteer.store.database import Tx, transact
from volunteer.store.logins import load_login, record_secret, record_session
from volunteer.store.models import Consent as ConsentRow
from volunteer.store.models import Event, Login, LoginResident
from volunteer.store.people import load_placed, record_residents
from volunteer.store.rows import load_today, require_seen
from volunteer.store.scans import record_batches
from volunteer.store.walk_ins import (
    NewWalkIn,
    came_from,
    load_counts,
    load_visit,
    record_walk_in,
)


@dataclass(frozen=True)
class Stranger:
    """What somebody without a passbook fills in; the phone and the place may be left out.
    ``is_guest``: they do not live here, they are on a visit."""

    name: str
    age_band: str
    pin: str = field(repr=False)
    phone: str = ""
    area_id: int | None = None
    building_id: int | None = None
    is_guest: bool = False


@dataclass(frozen=True)
class Source:
    """Where the request came from: the network address, a nonce of the browser if it has one, and
    what to call the browser in the list of one's sessions."""

    address: str | None = None
    browser_nonce: str | None = None
    browser: str = ""


@dataclass(frozen=True)
class WalkedIn:
    """``token`` is for the browser's session cookie; it is stored nowhere."""

    resident_id: int
    token: str = field(repr=False)


def walk_in(
    stranger: Stranger, visit: Visit, source: Source, *, keys: Keys, now: datetime
) -> WalkedIn:
    """Write a stranger down as a provisional resident with passbook, home and sign-in, check them
    in, and sign this browser in; all or nothing. The same visit again finds the same person.

    Raises Refused: what ``parse_name``, ``parse_phone`` and ``decide_pin`` refuse,
    ``birth_date_or_age_band_required``, ``consent_missing`` (under 14: a guardian comes first),
    ``phone_taken``, ``not_found`` (place), ``walk_ins_full``, and whatever the scan is refused for.
    """
    person, phone, pin = _parsed(stranger, visit)
    # A tenth of a second that must not be spent holding the write lock.
    secret_hash = generate_password_hash(pin)
    token = secrets.token_urlsafe(32)
    origin = came_from(keys.sign_in_throttle, source.address, source.browser_nonce)

    def work(tx: Tx) -> int:
        made = load_visit(tx, visit.community_id, visit.visit_id)
        if made is not None:
            record_session(tx, _load_own_login(tx, made), token, source.browser, now)
            return made
        _raise(decide_walk_in(load_counts(tx, visit.event_id, origin, now)))
        day = tx.run(select(Event.local_date).where(Event.id == visit.event_id)).scalar_one()
        home = replace(person.home, starts_on=day) if person.home else None
        placed = load_placed(tx, visit.community_id, [replace(person, home=home)])
        added = record_residents(tx, visit.community_id, placed, keys=keys, by=None, now=now)[0]
        personal = Personal(phone, (), (added.passbook_number,))
        _raise(decide_pin(pin, personal), "pin")
        login_id = _record_login(tx, visit, added, person.name, phone, now)
        record_secret(tx, login_id, secret_hash, is_pin=True)
        new = NewWalkIn(
            visit.community_id,
            added.resident_id,
            visit.event_id,
            How.SELF,
            visit.visit_id,
            origin,
        )
        record_walk_in(tx, new, now)
        _check_in(tx, visit, added.resident_id, login_id, keys, now)
        _audit_walk_in(tx, visit, added.resident_id, login_id, now)
        record_session(tx, login_id, token, source.browser, now)
        return added.resident_id

    return WalkedIn(transact(work, Scope.of(visit.community_id)), token)


def confirm(
    community_id: int, resident_ids: Sequence[int], *, by: int, now: datetime, scope: Scope
) -> int:
    """Staff say that these provisional residents exist; what they earned is posted. Gives how many
    were confirmed: who is not provisional any more is passed over.

    Raises Refused: ``not_found`` (community), ``own_record``, ``name_missing``.
    """
    return _decide(community_id, resident_ids, by, now, scope, rejects=False)


def reject(
    community_id: int, resident_ids: Sequence[int], *, by: int, now: datetime, scope: Scope
) -> int:
    """Nobody knows these people: their attendances are annulled and their sign-ins closed. Gives
    how many. Raises Refused: ``not_found`` (community), ``own_record``."""
    return _decide(community_id, resident_ids, by, now, scope, rejects=True)


def _decide(
    community_id: int,
    resident_ids: Sequence[int],
    by: int,
    now: datetime,
    scope: Scope,
    *,
    rejects: bool,
) -> int:
    def work(tx: Tx) -> int:
        require_seen(tx, community_id)
        decision = Decision(by, now, load_today(tx, community_id, now))
        record = record_rejected if rejects else record_confirmed
        decided = record(tx, community_id, resident_ids, decision)
        for resident_id in decided:
            record_audit(
                tx,
                now=now,
                action="residents_rejected" if rejects else "residents_confirmed",
                subject_kind="resident",
                subject_id=resident_id,
                community_id=community_id,
                login_id=by,
            )
        return len(decided)

    return transact(work, scope)


def _parsed(stranger: Stranger, visit: Visit) -> tuple[NewPerson, str | None, str]:
    """Person, phone and PIN, cleaned. Raises Refused for what cannot be kept."""
    name = or_refuse(parse_name(stranger.name), "name")
    if stranger.age_band not in tuple(AgeBand):
        raise refuse(Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED, field="age_band")
    if stranger.age_band == AgeBand.UNDER_14:
        raise refuse(Code.CONSENT_MISSING)
    phone = or_refuse(parse_phone(stranger.phone), "phone") if stranger.phone.strip() else None
    pin = normal_secret(stranger.pin)
    _raise(decide_pin(pin, Personal(phone)), "pin")
    assert len(pin) == PIN_DIGITS
    home = Home(visit.seen_at.date(), kind="guest") if stranger.is_guest else None
    if stranger.area_id or stranger.building_id:
        home = Home(
            visit.seen_at.date(), area_id=stranger.area_id, building_id=stranger.building_id
        )
    person = NewPerson(
        name, age_band=stranger.age_band, home=home, state="provisional", with_card=False
    )
    return person, phone, pin


def _record_login(
    tx: Tx, visit: Visit, added: AddedPerson, name: str, phone: str | None, now: datetime
) -> int:
    """A sign-in by phone, or by passbook number; and the agreement that stood above the button."""
    if phone and load_login(tx, Identity(IdentityKind.PHONE, phone)) is not None:
        raise refuse(Code.PHONE_TAKEN, field="phone")
    made = insert(Login).values(
        name=name,
        phone=phone,
        passbook_number=added.passbook_number,
        secret_kind="pin",
        created_at=now,
    )
    login_id: int = tx.execute(made.returning(Login.id)).scalar_one()
    of_resident = {"community_id": visit.community_id, "resident_id": added.resident_id}
    tx.run(
        insert(LoginResident).values(
            **of_resident,
            login_id=login_id,
            relation=Relation.SELF.value,
            starts_on=load_today(tx, visit.community_id, now),
            created_at=now,
        )
    )
    tx.run(
        insert(ConsentRow).values(
            **of_resident,
            what=Consent.KEEP_RECORD.value,
            given=True,
            text_version=TEXT_VERSIONS[Consent.KEEP_RECORD],
            given_by=name,
            recorded_by_login_id=login_id,
            given_at=now,
        )
    )
    return login_id


def _check_in(
    tx: Tx, visit: Visit, resident_id: int, login_id: int, keys: Keys, now: datetime
) -> None:
    """Raises Refused with what the scan was refused for: then nobody is written down either."""
    own = frozenset({resident_id})
    recorder = Recorder(login_id=login_id, is_self=True, acts_for=own, own_resident_ids=own)
    scope = Scope.of(visit.community_id)
    batch = Batch([visit.scan(resident_id)], recorder, now, keys, scope, visit.community_id)
    [[verdict]] = record_batches(tx, [batch])
    if verdict.verdict == "refused":
        raise Refused(Refusal(Code(verdict.code), verdict.facts))


def _audit_walk_in(
    tx: Tx, visit: Visit, resident_id: int, login_id: int | None, now: datetime
) -> None:
    record_audit(
        tx,
        now=now,
        action="walked_in",
        subject_kind="resident",
        subject_id=resident_id,
        community_id=visit.community_id,
        login_id=login_id,
        facts={"event_id": visit.event_id},
    )


def _load_own_login(tx: Tx, resident_id: int) -> int:
    own = select(LoginResident.login_id).where(
        LoginResident.resident_id == resident_id, LoginResident.relation == Relation.SELF.value
    )
    return int(tx.run(own.order_by(LoginResident.id).limit(1)).scalar_one())


def _raise(refusal: Refusal | None, field_name: str = "") -> None:
    if refusal is not None:
        or_refuse(refusal, field_name)
