"""Cards: one that works at a time, and a new one in one step."""

import pytest
from sqlalchemy import select

from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, Refused
from volunteer.services import cards as service
from volunteer.store import models as m
from volunteer.store.database import db


class Desk:
    def __init__(self, town: Town) -> None:
        self.town = town
        self.resident = town.resident()
        self.who = {"by": town.login(), "now": FRIDAY, "scope": Scope.of(town.community_id)}

    def issue(self) -> service.IssuedCard:
        return service.issue_card(self.resident, keys=self.town.keys, **self.who)  # type: ignore[arg-type]

    def replace(self, card_id: int) -> service.IssuedCard:
        return service.replace_card(card_id, keys=self.town.keys, **self.who)  # type: ignore[arg-type]

    def revoke(self, card_id: int) -> None:
        service.revoke_card(card_id, **self.who)  # type: ignore[arg-type]

    def cards(self) -> list[tuple[str, str]]:
        db.session.remove()
        found = db.session.scalars(select(m.Card).order_by(m.Card.id))
        return [(card.number[8:], card.state) for card in found]

    def strips(self) -> list[bool]:
        """Whether each strip still binds a phone."""
        db.session.remove()
        found = db.session.scalars(select(m.ActivationCode).order_by(m.ActivationCode.id))
        return [code.expires_at > FRIDAY for code in found]


@pytest.fixture
def desk(both_town: Town) -> Desk:
    return Desk(both_town)


def refused(call: object, *arguments: object) -> Code:
    with pytest.raises(Refused) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.refusal.code


def test_a_new_card_ends_the_old_one_and_its_strip(desk: Desk) -> None:
    first = desk.issue()
    second = desk.replace(first.card_id)
    assert second.number == f"{first.number[:8]}02"
    assert desk.cards() == [("01", "replaced"), ("02", "active")]
    assert desk.strips() == [False, True]
    old = db.session.get_one(m.Card, first.card_id)
    assert old.ended_at == FRIDAY


def test_a_double_tap_makes_one_card(desk: Desk) -> None:
    first = desk.issue()
    desk.replace(first.card_id)
    assert refused(desk.replace, first.card_id) is Code.CHANGED_MEANWHILE
    assert refused(desk.issue) is Code.ALREADY_EXISTS
    assert len(desk.cards()) == 2


def test_a_cancelled_card_stays_cancelled_and_the_next_has_the_next_number(desk: Desk) -> None:
    first = desk.issue()
    desk.revoke(first.card_id)
    assert refused(desk.revoke, first.card_id) is Code.CHANGED_MEANWHILE
    desk.issue()
    assert desk.cards() == [("01", "revoked"), ("02", "active")]
    assert desk.strips() == [False, True]


def test_ninety_nine_cards_are_enough(desk: Desk) -> None:
    card_id, _, _ = desk.town.card(desk.resident, issue=99)
    assert refused(desk.replace, card_id) is Code.NUMBER_TAKEN
    assert desk.cards() == [("99", "active")]


def test_a_blank_card_has_nobody_to_replace_it_for(desk: Desk) -> None:
    card_id, _, _ = desk.town.card(None)
    assert refused(desk.replace, card_id) is Code.CARD_BLANK
    desk.revoke(card_id)
    assert desk.cards() == [("01", "revoked")]


@pytest.mark.parametrize("state", ["deceased", "rejected"])
def test_who_is_gone_gets_no_card_and_who_moved_away_does(desk: Desk, state: str) -> None:
    desk.resident = desk.town.resident(state=state)
    assert refused(desk.issue) is Code.RESIDENT_INACTIVE
    desk.resident = desk.town.resident(state="moved_away")
    assert desk.issue().card_id


def test_another_communitys_card_is_not_found(desk: Desk) -> None:
    first = desk.issue()
    desk.who["scope"] = Scope.of(desk.town.community("景华社区"))
    assert refused(desk.replace, first.card_id) is Code.NOT_FOUND
    assert refused(desk.revoke, first.card_id) is Code.NOT_FOUND
    assert refused(desk.issue) is Code.NOT_FOUND
    assert desk.cards() == [("01", "active")]
