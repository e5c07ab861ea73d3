"""Moving away and passing away: what ends, what goes on, and where the points go."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.auditor import audit
from tests.passbooks import post_lines
from tests.scanning import as_device, record, scan_row
from tests.services.test_merges import code_of
from tests.services.test_scans import board, passbook
from tests.town import FRIDAY, PASSWORD, Town
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code
from volunteer.domain.tokens import session_token_hash
from volunteer.queries.principals import read_principal
from volunteer.queries.verify import read_report
from volunteer.services.bequests import approve_bequest, propose_bequest, withdraw_bequest
from volunteer.services.cards import issue_card
from volunteer.services.people import change_resident_state
from volunteer.services.reversal import reverse_transfer
from volunteer.services.sign_in import Browser, sign_in
from volunteer.store import models as m
from volunteer.store.database import db

TODAY = date(2026, 11, 20)
BEFORE = TODAY - timedelta(days=1)


class House:
    """Grandmother with a card, a phone and points; two of the staff; her daughter."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.scope = Scope.of(town.community_id)
        self.building = town.building("12栋")
        self.who = town.resident("陈秀英", building_id=self.building)
        self.card = town.card(self.who)
        self.phone = "+8613800000020"
        self.login = town.login(self.phone, acts_for={self.who: "self"})
        self.daughter = town.resident("王兰", building_id=self.building)
        self.one, self.other = (town.login(roles=("community_admin",)) for _ in range(2))
        post_lines(town, self.who, [{"points": 30, "minutes": 60, "code": "adjustment"}])

    def becomes(self, state: str, day: date = TODAY) -> None:
        change_resident_state(self.who, state, day, by=self.one, now=FRIDAY, scope=self.scope)

    def scanned(self) -> Any:
        event = self.town.event(self.town.activity())
        device = as_device(self.town.device(token=f"device-{event}"))
        [verdict] = record(self.town, device, scan_row(event, self.card[2]))
        return verdict

    def propose(self, to: int | None = None, **more: Any) -> int:
        values = {"by": self.one, "now": FRIDAY, "scope": self.scope} | more
        return propose_bequest(self.who, to, **values)

    def approve(self, bequest_id: int, **more: Any) -> int:
        values = {"by": self.other, "now": FRIDAY, "scope": self.scope} | more
        return approve_bequest(bequest_id, **values)

    def count(self, model: Any, *where: Any) -> int:
        found = select(func.count()).select_from(model).where(*where)
        return self.town.write(lambda tx: int(tx.execute(found).scalar_one()))

    def whole(self) -> bool:
        db.session.remove()
        with db.engine.connect() as connection:
            assert audit(connection, self.town.community_id) == []
        assert read_report(self.scope).findings == []
        return True


@pytest.fixture
def house(both_town: Town) -> House:
    return House(both_town)


def test_who_moved_away_may_go_on_serving_on_no_building_s_board(house: House) -> None:
    """A home that was to begin later never does."""
    town = house.town
    town._add(
        m.Residence,
        community_id=town.community_id,
        resident_id=house.who,
        building_id=house.building,
        starts_on=TODAY,
    )
    house.becomes("moved_away", BEFORE)
    assert house.scanned().verdict == "accepted"
    assert passbook(town, house.who)[0] == 40
    assert board(town, house.building) == (0, 0, 0, 0)
    ended = select(m.Residence.ends_on).where(m.Residence.resident_id == house.who)
    assert town.write(lambda tx: tx.execute(ended).scalar_one()) == BEFORE
    keys = {"keys": town.keys, "by": house.one, "now": FRIDAY, "scope": house.scope}
    assert code_of(lambda: issue_card(house.who, **keys)) is Code.ALREADY_EXISTS, "not gone"
    house.becomes("active")
    assert house.scanned().verdict == "accepted"
    assert house.whole()


def test_of_who_passed_away_everything_is_closed(house: House) -> None:
    town = house.town
    helper = town.login("+8613800000021", acts_for={house.who: "helper"})
    session = sign_in(house.phone, PASSWORD, Browser(), keys=town.keys, now=FRIDAY).token
    theirs = sign_in("+8613800000021", PASSWORD, Browser(), keys=town.keys, now=FRIDAY).token
    house.becomes("deceased")
    assert house.scanned().code == "card_revoked"
    assert read_principal(session_token_hash(session), FRIDAY) is None
    signing_in = lambda: sign_in(  # noqa: E731
        house.phone, PASSWORD, Browser(), keys=town.keys, now=FRIDAY
    )
    assert code_of(signing_in) is Code.SIGN_IN_FAILED
    left = read_principal(session_token_hash(theirs), FRIDAY)
    assert left is not None, "the helper's own login stays"
    assert left.principal.acts_for == ()
    assert left.principal.login_id == helper
    assert house.count(m.Card, m.Card.state == "active") == 0
    assert house.count(m.ActivationCode, m.ActivationCode.expires_at > FRIDAY) == 0
    assert passbook(town, house.who) == (30, 60, 1), "the book keeps every line"
    keys = {"keys": town.keys, "by": house.one, "now": FRIDAY, "scope": house.scope}
    assert code_of(lambda: issue_card(house.who, **keys)) is Code.RESIDENT_INACTIVE
    house.becomes("active")
    assert signing_in()
    issue_card(house.who, **keys)
    assert house.whole()


def test_a_phone_that_is_somebody_else_s_as_well_stays(house: House) -> None:
    house.town.acts_for(house.login, house.daughter, "self")
    house.becomes("deceased")
    assert house.count(m.Login, m.Login.deactivated_at.is_not(None)) == 0


@pytest.mark.parametrize("to_family", [True, False])
def test_points_go_on_with_a_second_person(house: House, to_family: bool) -> None:
    town = house.town
    house.becomes("deceased")
    bequest = house.propose(house.daughter if to_family else None)
    assert passbook(town, house.who)[0] == 30, "nothing moves before"
    assert code_of(lambda: house.approve(bequest, by=house.one)) is Code.SECOND_PERSON_NEEDED
    assert house.approve(bequest) == 30
    assert passbook(town, house.who)[:2] == (0, 60), "service time stays"
    assert passbook(town, house.daughter)[:2] == ((30, 0) if to_family else (0, 0))
    pool = select(m.Account.id).where(m.Account.kind == "care_pool").scalar_subquery()
    pooled = select(func.sum(m.Transfer.amount_points)).where(
        m.Transfer.credit_account_id == pool, m.Transfer.code == "gift"
    )
    assert town.write(lambda tx: tx.execute(pooled).scalar_one()) == (None if to_family else 30)
    gift = select(m.Transfer).where(m.Transfer.code == "gift")
    row = town.write(lambda tx: tx.execute(gift).scalar_one())
    assert (row.recorded_by_login_id, row.approved_by_login_id) == (house.one, house.other)
    assert code_of(lambda: house.approve(bequest)) is Code.CHANGED_MEANWHILE
    assert code_of(house.propose) is Code.NO_POINTS_LEFT
    assert house.whole()


def test_a_debt_is_settled_first(house: House) -> None:
    town = house.town
    house.scanned()
    award = select(m.Transfer.id).where(m.Transfer.code == "award")
    transfer_id = town.write(lambda tx: tx.execute(award).scalar_one())
    post_lines(town, house.who, [{"points": -36, "code": "redemption"}])
    reverse_transfer(transfer_id, reason="错", by=house.one, now=FRIDAY, scope=house.scope)
    post_lines(town, house.who, [{"points": 20, "code": "adjustment"}])
    house.becomes("deceased")
    assert house.approve(house.propose(house.daughter)) == 14
    assert passbook(town, house.who)[0] == 0
    assert house.whole()


def test_who_decides_over_points_is_nobody_of_the_family(house: House) -> None:
    town = house.town
    assert code_of(house.propose) is Code.NOT_DECEASED
    house.becomes("deceased")
    family = town.login(acts_for={house.daughter: "self"}, roles=("community_admin",))
    to_daughter = lambda **more: house.propose(house.daughter, **more)  # noqa: E731
    assert code_of(lambda: to_daughter(by=family)) is Code.OWN_RECORD
    stranger = town.resident(community_id=town.community("狮岭社区"))
    assert code_of(lambda: house.propose(stranger)) is Code.NOT_FOUND
    assert code_of(lambda: house.propose(house.who)) is Code.NOT_FOUND
    gone = town.resident(state="deceased")
    assert code_of(lambda: house.propose(gone)) is Code.RESIDENT_INACTIVE
    bequest = to_daughter()
    assert code_of(lambda: house.approve(bequest, by=family)) is Code.OWN_RECORD
    assert code_of(house.propose) is Code.BEQUEST_WAITS
    assert code_of(lambda: house.becomes("active")) is Code.BEQUEST_WAITS
    elsewhere = Scope.of(town.community_id + 99)
    assert code_of(lambda: house.approve(bequest, scope=elsewhere)) is Code.NOT_FOUND
    withdraw_bequest(bequest, by=house.one, now=FRIDAY, scope=house.scope)
    house.becomes("active")
    assert house.whole()


def test_one_person_under_two_sign_ins_is_no_second_person(house: House) -> None:
    town = house.town
    house.becomes("deceased")
    clerk = town.resident("林主任")
    for login in (house.one, house.other):
        town.acts_for(login, clerk, "self")
    bequest = house.propose()
    assert code_of(lambda: house.approve(bequest)) is Code.SECOND_PERSON_NEEDED
