"""What is printed on cards, on both databases."""

from __future__ import annotations

from datetime import timedelta

from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.queries.cards import read_card, read_card_end, read_cards_of
from volunteer.store import models as m


def strip(town: Town, resident_id: int, **more: object) -> None:
    values = {
        "community_id": town.community_id,
        "resident_id": resident_id,
        "purpose": "card_strip",
        "code_hash": bytes(32),
        "created_at": FRIDAY,
        "expires_at": FRIDAY + timedelta(days=90),
    }
    town._add(m.ActivationCode, **values | more)


def ref_of(town: Town, resident_id: int) -> str:
    return town.write(lambda tx: tx.get_one(m.Resident, resident_id).ref)


def test_the_card_in_use_and_its_strip(both_town: Town) -> None:
    town = both_town
    chen, wang = town.resident("陈秀英"), town.resident("王建国")
    town.card(chen, state="replaced", ended_at=FRIDAY)
    _, number, _ = town.card(chen, 2)
    town.card(wang)
    without = town.resident("无卡")
    strip(town, chen, printing=3)
    strip(town, wang, used_at=FRIDAY)
    scope = Scope.of(town.community_id)
    wanted = [wang, without, chen]
    cards = read_cards_of(scope, town.community_id, wanted, FRIDAY)
    assert [card.name for card in cards] == ["王建国", "陈秀英"], "in the order asked for"
    assert (cards[1].resident_id, cards[1].card_number) == (chen, number)
    assert (cards[1].strip_expires_at, cards[1].strip_printing) == (
        FRIDAY + timedelta(days=90),
        3,
    )
    assert (cards[0].strip_expires_at, cards[0].strip_printing) == (None, None)
    assert (cards[1].community, cards[1].telephone) == ("梅富社区", "0755-12345678")
    elsewhere = Scope.of(town.community("景华社区"))
    assert read_cards_of(elsewhere, town.community_id, wanted, FRIDAY) == []
    assert read_card(scope, ref_of(town, chen), FRIDAY) == cards[1]
    assert read_card(elsewhere, ref_of(town, chen), FRIDAY) is None
    assert read_card(scope, ref_of(town, without), FRIDAY) is None


def test_how_a_card_stands_is_told_to_whoever_holds_it(both_town: Town) -> None:
    town = both_town
    _, _, old = town.card(town.resident(), state="replaced", ended_at=FRIDAY)
    _, _, blank = town.card(None)
    found = read_card_end(old)
    assert found
    assert (found.state, found.ended_at, found.zone) == ("replaced", FRIDAY, "Asia/Shanghai")
    assert read_card_end(blank) is not None
    assert read_card_end("0" * 20) is None


def test_a_strip_that_no_longer_opens_anything_is_left_out(both_town: Town) -> None:
    town = both_town
    chen = town.resident("陈秀英")
    town.card(chen)
    strip(town, chen, created_at=FRIDAY - timedelta(days=1))
    strip(town, chen, tries=5)
    strip(town, chen, expires_at=FRIDAY)
    strip(town, chen, purpose="staff")
    card = read_card(Scope.everything(), ref_of(town, chen), FRIDAY)
    assert card
    assert card.strip_expires_at is None
