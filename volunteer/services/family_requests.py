"""Asking to act for somebody with their card in hand, and what staff answer.

The card's code of 100 bits proves that whoever asks has held the card, or a picture of it; the
name, that they know whose it is. Neither proves a parent, so nothing opens until staff, who know
the family, confirm with one tap. The strip's activation code went from staff to the family and is
the other way in (``activation``): it opens at once. A number alone is neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select, update

from volunteer.domain.access import Relation, Scope
from volunteer.domain.age import is_minor, needs_guardian_consent
from volunteer.domain.consents import TEXT_VERSIONS, Consent
from volunteer.domain.family import decide_link
from volunteer.domain.names import parse_line, parse_name
from volunteer.domain.refusals import Code, Refusal, Refused, or_refuse, refuse
from volunteer.domain.tokens import CardCode, Keys, card_code_hash
from volunteer.store.audit import record_audit
from volunteer.store.bulk import insert_rows
from volunteer.store.consents import Given, record_answer
from volunteer.store.database import Tx, transact
from volunteer.store.family import load_own_records, load_running_link, record_link
from volunteer.store.logins import record_tries_forgotten, record_try, throttle_key
from volunteer.store.models import Card, Community, FamilyRequest, Login, LoginResident, Resident
from volunteer.store.models.base import table_of
from volunteer.store.rows import load_row, load_today

LONGEST_REASON = 300
ALIVE = ("active", "provisional", "moved_away")

_request = table_of(FamilyRequest)


@dataclass(frozen=True)
class Asked:
    """``name``: of the card's holder, as typed; ``agrees``: a guardian ticked the consent's
    text."""

    card: CardCode = field(repr=False)
    name: str
    relation: Relation
    agrees: bool = False


def ask(asked: Asked, *, by: int, keys: Keys, now: datetime) -> int:
    """Put a request before the staff of the card's community. Gives its id.

    Raises Refused: ``card_unknown``, ``card_replaced``, ``card_revoked``, ``card_blank``,
    ``resident_inactive``, ``card_name_differs``, ``choice_missing``, ``guardian_of_adult``,
    ``guardian_too_young``, ``agreement_missing``, ``acts_for_already``, ``already_asked``,
    ``throttled``; and what ``parse_name`` refuses. A try is counted although nothing is written.
    """
    name = or_refuse(parse_name(asked.name), "name")
    if asked.relation not in (Relation.GUARDIAN, Relation.HELPER):
        raise refuse(Code.CHOICE_MISSING, field="relation")
    key_hash = throttle_key(keys.sign_in_throttle, f"family:{by}:{asked.card.code}", None)

    def work(tx: Tx) -> int | Refusal:
        record_try(tx, key_hash, now)
        card = tx.run(_card_and_holder(asked.card)).first()
        refusal = _decide_card(card, name)
        if refusal or card is None:
            return refusal or Refusal(Code.CARD_UNKNOWN)
        record_tries_forgotten(tx, key_hash)
        today = now.astimezone(ZoneInfo(card.time_zone)).date()
        refusal = _decide_asking(tx, asked, card, by, today)
        if refusal:
            return refusal
        return _record_request(tx, asked, card, by, now, today)

    answer = transact(work, Scope.everything())
    if isinstance(answer, Refusal):
        raise Refused(answer)
    return answer


def withdraw(request_id: int, *, by: int, now: datetime) -> None:
    """Take one's own request back. Raises Refused: ``not_found``, ``changed_meanwhile``."""

    def work(tx: Tx) -> None:
        asked = load_row(tx, FamilyRequest, request_id)
        if asked.login_id != by:
            raise refuse(Code.NOT_FOUND)
        _decide(tx, asked, "withdrawn", by, now)

    transact(work, Scope.everything())


def confirm(request_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Let who asked act for the person, and write down what a guardian agreed to.

    Raises Refused: ``not_found``, ``changed_meanwhile`` (answered already),
    ``second_person_needed`` (one's own request, or one's own family's), ``resident_inactive``,
    ``login_unknown``, ``guardian_of_adult``, ``acts_for_already``.
    """

    def work(tx: Tx) -> None:
        asked = load_row(tx, FamilyRequest, request_id)
        if asked.state != "waiting":
            raise refuse(Code.CHANGED_MEANWHILE)
        resident = load_row(tx, Resident, asked.resident_id)
        today = load_today(tx, asked.community_id, now)
        if by == asked.login_id or resident.id in load_own_records(
            tx, asked.community_id, by, today
        ):
            raise refuse(Code.SECOND_PERSON_NEEDED)
        if resident.state not in ALIVE:
            raise refuse(Code.RESIDENT_INACTIVE)
        relation = Relation(asked.relation)
        refusal = decide_link(relation, resident.birth_date, resident.age_band, today)
        if refusal:
            raise Refused(refusal)
        login = tx.run(
            select(Login.name, Login.deactivated_at).where(Login.id == asked.login_id)
        ).one()
        if login.deactivated_at is not None:
            raise refuse(Code.LOGIN_UNKNOWN)
        if load_running_link(tx, asked.login_id, resident.id, today):
            raise refuse(Code.ACTS_FOR_ALREADY)
        record_link(tx, asked.login_id, resident, relation, (today, None), now)
        if asked.text_version is not None:
            _record_consent(tx, asked, login.name)
        _decide(tx, asked, "confirmed", by, now)

    transact(work, scope)


def send_back(request_id: int, reason: str, *, by: int, now: datetime, scope: Scope) -> None:
    """Open nothing, and tell who asked why. Raises Refused: ``not_found``, ``reason_missing``,
    ``text_too_long``, ``changed_meanwhile``."""
    words = or_refuse(parse_line(reason, LONGEST_REASON), "reason")
    if not words:
        raise refuse(Code.REASON_MISSING)

    def work(tx: Tx) -> None:
        _decide(tx, load_row(tx, FamilyRequest, request_id), "returned", by, now, words)

    transact(work, scope)


def _card_and_holder(card: CardCode) -> Any:
    return (
        select(
            Card.id.label("card_id"),
            Card.state.label("card_state"),
            Card.ended_at,
            Resident.id,
            Resident.community_id,
            Resident.state,
            Resident.name,
            Resident.name_en,
            Resident.birth_date,
            Resident.age_band,
            Community.time_zone,
        )
        .select_from(Card)
        .join(Community, Community.id == Card.community_id)
        .outerjoin(Resident, Resident.id == Card.resident_id)
        .where(Card.code_hash == card_code_hash(card.code))
    )


def _decide_card(card: Row[Any] | None, name: str) -> Refusal | None:
    if card is None:
        return Refusal(Code.CARD_UNKNOWN)
    if card.card_state != "active":
        code = Code.CARD_REPLACED if card.card_state == "replaced" else Code.CARD_REVOKED
        return Refusal(code, {"ended_on": card.ended_at.date().isoformat()})
    if card.id is None:
        return Refusal(Code.CARD_BLANK)
    if card.state not in ALIVE:
        return Refusal(Code.RESIDENT_INACTIVE)
    if name.casefold() not in {known.casefold() for known in (card.name, card.name_en) if known}:
        return Refusal(Code.CARD_NAME_DIFFERS, {"field": "name"})
    return None


def _decide_asking(tx: Tx, asked: Asked, card: Row[Any], by: int, today: date) -> Refusal | None:
    refusal = decide_link(asked.relation, card.birth_date, card.age_band, today)
    if refusal:
        return Refusal(refusal.code, {"field": "relation"})
    if asked.relation is Relation.GUARDIAN and _is_a_minor(tx, by, today):
        return Refusal(Code.GUARDIAN_TOO_YOUNG)
    if load_running_link(tx, by, card.id, today):
        return Refusal(Code.ACTS_FOR_ALREADY)
    if _needs_agreement(asked, card, today) and not asked.agrees:
        return Refusal(Code.AGREEMENT_MISSING, {"field": "agrees"})
    return None


def _needs_agreement(asked: Asked, card: Row[Any], today: date) -> bool:
    is_guardian = asked.relation is Relation.GUARDIAN
    return is_guardian and needs_guardian_consent(card.birth_date, card.age_band, today)


def _is_a_minor(tx: Tx, login_id: int, today: date) -> bool:
    """Whether the login is some young person's own: an elder sibling is no guardian."""
    own = tx.run(
        select(Resident.birth_date, Resident.age_band)
        .join(LoginResident, LoginResident.resident_id == Resident.id)
        .where(
            LoginResident.login_id == login_id,
            LoginResident.relation == Relation.SELF.value,
            LoginResident.revoked_at.is_(None),
        )
    )
    return any(is_minor(row.birth_date, row.age_band, today) for row in own)


def _record_request(
    tx: Tx, asked: Asked, card: Row[Any], by: int, now: datetime, today: date
) -> int | Refusal:
    agreed = _needs_agreement(asked, card, today)
    row = {
        "community_id": card.community_id,
        "login_id": by,
        "resident_id": card.id,
        "card_id": card.card_id,
        "relation": asked.relation.value,
        "text_version": TEXT_VERSIONS[Consent.GUARDIAN] if agreed else None,
        "state": "waiting",
        "created_at": now,
    }
    inserted = insert_rows(tx, _request, [row], "ON CONFLICT DO NOTHING RETURNING id")
    request_id = inserted.scalar_one_or_none()
    if request_id is None:
        return Refusal(Code.ALREADY_ASKED)
    record_audit(
        tx,
        now=now,
        action="family_asked",
        subject_kind="resident",
        subject_id=card.id,
        community_id=card.community_id,
        login_id=by,
        facts={"relation": asked.relation.value},
    )
    return int(request_id)


def _record_consent(tx: Tx, asked: Row[Any], name: str) -> None:
    """As it was given: by the guardian, with the request, to the text of that day."""
    answer = Given(
        Consent.GUARDIAN, True, name, asked.login_id, asked.text_version, for_another=True
    )
    record_answer(tx, asked.community_id, asked.resident_id, answer, asked.created_at)


def _decide(
    tx: Tx, asked: Row[Any], state: str, by: int, now: datetime, reason: str | None = None
) -> None:
    if asked.state != "waiting":
        raise refuse(Code.CHANGED_MEANWHILE)
    tx.run(
        update(_request)
        .where(_request.c.id == asked.id)
        .values(state=state, reason=reason, decided_at=now, decided_by_login_id=by)
    )
    record_audit(
        tx,
        now=now,
        action=f"family_{state}",
        subject_kind="resident",
        subject_id=asked.resident_id,
        community_id=asked.community_id,
        login_id=by,
        facts={"relation": asked.relation, **({"reason": reason} if reason else {})},
    )
