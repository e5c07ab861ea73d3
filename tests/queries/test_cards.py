"""What is printed on cards, on both databases."""

from __future__ import annotations

from datetime import timedelta

from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.queries.cards import read_cards
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
    strip(town, chen)
    strip(town, wang, used_at=FRIDAY)
    scope = Scope.of(town.community_id)
    refs = [ref_of(town, one) for one in (wang, without, chen)]
    cards = read_cards(scope, FRIDAY, refs=refs)
    assert (cards[0].resident_id, cards[0].card_number) == (chen, number)
    assert [card.name for card in cards] == ["陈秀英", "王建国"]
    assert cards[0].strip_expires_at == FRIDAY + timedelta(days=90)
    assert cards[1].strip_expires_at is None
    assert (cards[0].community, cards[0].telephone) == ("梅富社区", "0755-12345678")
    assert read_cards(scope, FRIDAY) == []
    assert read_cards(Scope.of(town.community("景华社区")), FRIDAY, refs=refs) == []


def test_a_strip_that_no_longer_opens_anything_is_left_out(both_town: Town) -> None:
    town = both_town
    chen = town.resident("陈秀英")
    town.card(chen)
    strip(town, chen, created_at=FRIDAY - timedelta(days=1))
    strip(town, chen, tries=5)
    strip(town, chen, expires_at=FRIDAY)
    strip(town, chen, purpose="staff")
    (card,) = read_cards(Scope.everything(), FRIDAY, refs=[ref_of(town, chen)])
    assert card.strip_expires_at is None


def test_the_cards_of_a_building(both_town: Town) -> None:
    town = both_town
    building, other = town.building("12栋"), town.building("13栋")
    chen = town.resident("陈秀英", building_id=building)
    town.card(chen)
    town.card(town.resident("王建国", building_id=other))
    moved = town.resident("搬走")
    town.card(moved)
    town._add(
        m.Residence,
        community_id=town.community_id,
        resident_id=moved,
        building_id=building,
        starts_on=FRIDAY.date(),
        ends_on=FRIDAY.date(),
    )
    cards = read_cards(Scope.of(town.community_id), FRIDAY, building_id=building)
    assert [card.resident_id for card in cards] == [chen]
