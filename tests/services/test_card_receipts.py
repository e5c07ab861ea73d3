"""Receipts: ticked in bulk, with the consent in its present text, and never twice."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.card_receipts import Receipt
from volunteer.domain.consents import TEXT_VERSIONS, Consent
from volunteer.domain.refusals import Code, Refused
from volunteer.services import card_receipts as service
from volunteer.services.card_receipts import record_receipts
from volunteer.store import models as m
from volunteer.store.database import db


def record(town: Town, *receipts: Receipt, **more: Any) -> int:
    who = {"by": town.login(), "now": FRIDAY, "scope": Scope.of(town.community_id)} | more
    return record_receipts(town.community_id, receipts, **who)


def consents(resident_id: int) -> list[tuple[str, bool, str, str]]:
    db.session.remove()
    found = db.session.scalars(select(m.Consent).where(m.Consent.resident_id == resident_id))
    return [(one.what, one.given, one.text_version, one.given_by) for one in found]


def received(resident_id: int) -> list[bool]:
    db.session.remove()
    cards = select(m.Card).where(m.Card.resident_id == resident_id).order_by(m.Card.id)
    return [card.received_at is not None for card in db.session.scalars(cards)]


def actions() -> list[str]:
    db.session.remove()
    return sorted(db.session.scalars(select(m.AuditEvent.action)))


def test_ticked_receipts_carry_the_consent(both_town: Town) -> None:
    town = both_town
    chen, wang, child = (
        town.resident("陈秀英"),
        town.resident("王建国"),
        town.resident("小红", age_band="under_14"),
    )
    for one in (chen, wang, child):
        town.card(one)
    ticked = (
        Receipt(chen),
        Receipt(wang, agrees=False),
        Receipt(child, guardian="王建国"),
    )
    assert record(town, *ticked) == 3
    version = TEXT_VERSIONS[Consent.KEEP_RECORD]
    assert consents(chen) == [("keep_record", True, version, "陈秀英")]
    assert consents(wang) == []
    assert consents(child) == [("keep_record", True, version, "王建国")]
    assert [received(one) for one in (chen, wang, child)] == [[True]] * 3
    assert actions() == ["card_received"] * 3 + ["consent_given"] * 2
    # Ticked by two, or twice: once is enough.
    assert record(town, *ticked) == 0
    assert len(consents(chen)) == 1


def test_a_child_needs_its_guardians_name_and_nothing_is_half_done(both_town: Town) -> None:
    town = both_town
    chen, child = town.resident("陈秀英"), town.resident("小红", age_band="under_14")
    town.card(chen)
    town.card(child)
    for guardian, code in ((" ", Code.GUARDIAN_NAME_MISSING), ("<b>", Code.NAME_CHARACTERS)):
        with pytest.raises(Refused) as caught:
            record(town, Receipt(chen), Receipt(child, guardian=guardian))
        assert caught.value.refusal.code is code
    assert received(chen) == [False]
    assert actions() == []


def test_a_new_card_is_signed_for_anew_and_the_consent_stands(both_town: Town) -> None:
    town = both_town
    chen = town.resident("陈秀英")
    town.card(chen, state="replaced", ended_at=FRIDAY, received_at=FRIDAY)
    town.card(chen, 2)
    assert record(town, Receipt(chen)) == 1
    assert received(chen) == [True, True]


def test_strangers_cards_are_passed_over(both_town: Town) -> None:
    town = both_town
    other = town.community("景华社区")
    stranger = town.resident("外人", community_id=other)
    town.card(stranger, community_id=other)
    gone = town.resident("走了", state="moved_away")
    town.card(gone)
    without = town.resident("没有卡")
    assert record(town, Receipt(stranger), Receipt(gone), Receipt(without), Receipt(10**9)) == 0
    assert received(stranger) == [False]
    with pytest.raises(Refused) as caught:
        record(town, Receipt(without), scope=Scope.of(other))
    assert caught.value.refusal.code is Code.NOT_FOUND


def test_a_sheet_that_two_tick_at_once_is_written_down_once(
    both_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, by = both_town, both_town.login()
    chen = town.resident("陈秀英")
    town.card(chen)
    both_at_it = threading.Barrier(2)
    load_today = service.load_today

    def wait_for_the_other(*arguments: Any) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            both_at_it.wait(timeout=0.5)
        return load_today(*arguments)

    record_received = service._record_received

    def slowly(*arguments: Any) -> Any:
        # Until the other one has looked for whose card waits, and waits itself.
        threading.Event().wait(0.3)
        return record_received(*arguments)

    monkeypatch.setattr(service, "load_today", wait_for_the_other)
    monkeypatch.setattr(service, "_record_received", slowly)

    def tick() -> int:
        with town.app.app_context():
            return record(town, Receipt(chen), by=by)

    with ThreadPoolExecutor(2) as pool:
        counts = [answer.result() for answer in [pool.submit(tick) for _ in range(2)]]
    assert sorted(counts) == [0, 1]
    assert len(consents(chen)) == 1
    assert actions() == ["card_received", "consent_given"]
