"""Moving to another community: asked, taken, carried out; no crash loses or doubles a point."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from tests.auditor import audit
from tests.passbooks import post_lines
from tests.scanning import as_device, record, scan_row
from tests.services.test_merges import code_of
from tests.services.test_scans import passbook
from tests.town import FRIDAY, STARTS_AT, Town
from volunteer.domain.access import Scope
from volunteer.domain.moves import Step
from volunteer.domain.refusals import Code
from volunteer.queries.verify import read_report
from volunteer.services import moves as service
from volunteer.services.merges import Wish, merge_residents
from volunteer.services.moves import (
    NewHome,
    accept_move,
    ask_to_move,
    carry_all_on,
    carry_on,
    decline_move,
    withdraw_move,
)
from volunteer.services.reversal import reverse_transfer
from volunteer.store import models as m
from volunteer.store.database import db, transact

LATER = FRIDAY + timedelta(days=1)


class Crash(Exception):
    """The machine went away between two transactions."""


class Two:
    """Two communities with staff of their own, and somebody who moves from the first."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.old = town.community_id
        self.new = town.community("景华社区", "Jinghua")
        self.old_staff = town.login(roles=("organizer",))
        self.new_staff = town.login()
        town.grant(self.new_staff, "organizer", self.new)
        self.building = town.building("12栋")
        self.who = town.resident(building_id=self.building, youth_group_id=town.youth_group("队"))
        self.card = town.card(self.who)
        self.device = as_device(town.device())
        activity = town.activity(rule={"fixed_points": 10, "points_per_hour": 12})
        self.event = town.event(activity)
        self.come(0, 60)

    def come(self, start: int, end: int) -> Any:
        minute = timedelta(minutes=1)
        rows = [
            scan_row(self.event, self.card[2], at=STARTS_AT + start * minute),
            scan_row(self.event, self.card[2], direction="out", at=STARTS_AT + end * minute),
        ]
        return record(self.town, self.device, *rows, now=STARTS_AT + end * minute)

    def ask(self, **more: Any) -> UUID:
        values = {"by": self.old_staff, "now": LATER, "scope": Scope.of(self.old)} | more
        return ask_to_move(self.who, self.new, **values)

    def accept(self, key: UUID, home: NewHome = NewHome(), **more: Any) -> None:  # noqa: B008
        values = {"by": self.new_staff, "now": LATER, "scope": Scope.of(self.new)} | more
        accept_move(key, home, **values)

    def carry(self, key: UUID) -> Step | None:
        return carry_on(key, keys=self.town.keys, now=LATER)

    def all_the_way(self) -> UUID:
        key = self.ask()
        self.carry(key)
        self.accept(key)
        assert self.carry(key) is None
        return key

    def side(self, key: UUID, side: str) -> Any:
        found = select(m.CommunityMove).where(
            m.CommunityMove.move_key == key, m.CommunityMove.side == side
        )
        return self.town.write(lambda tx: tx.execute(found).scalar_one_or_none())

    def arrived(self, key: UUID) -> int:
        return int(self.side(key, "in").resident_id)

    def clearing(self) -> dict[int, int]:
        """What each community's clearing account holds; together they hold what is on its way."""

        def work(tx: Any) -> dict[int, int]:
            account, transfer = m.Account, m.Transfer
            clearing = dict(
                tx.execute(
                    select(account.id, account.community_id).where(account.kind == "clearing")
                ).all()
            )
            sums = dict.fromkeys(clearing.values(), 0)
            for row in tx.execute(select(transfer)).scalars():
                if row.debit_account_id in clearing:
                    sums[clearing[row.debit_account_id]] -= row.amount_points
                if row.credit_account_id in clearing:
                    sums[clearing[row.credit_account_id]] += row.amount_points
            return sums

        return self.town.write(work)

    def whole(self) -> bool:
        db.session.remove()
        with db.engine.connect() as connection:
            for community_id in (self.old, self.new):
                assert audit(connection, community_id) == []
        assert read_report(Scope.everything()).findings == []
        return True


@pytest.fixture
def two(both_town: Town) -> Two:
    return Two(both_town)


def one(town: Town, statement: Any) -> Any:
    return town.write(lambda tx: tx.execute(statement).scalar_one())


def state(two: Two, resident_id: int) -> str:
    return str(one(two.town, select(m.Resident.state).where(m.Resident.id == resident_id)))


def owed(two: Two, resident_id: int) -> int:
    found = select(m.Account.owed_points).where(m.Account.resident_id == resident_id)
    return int(one(two.town, found))


def hold(town: Town, resident_id: int, points: int) -> Callable[[], None]:
    """Set points aside; gives what ends that again."""

    def held(points: int) -> Callable[[Any], None]:
        where = m.Account.resident_id == resident_id
        return lambda tx: tx.execute(update(m.Account).where(where).values(held_points=points))

    def begin(tx: Any) -> tuple[int, int]:
        held(points)(tx)
        account = select(m.Account).where(m.Account.resident_id == resident_id)
        row = m.Hold(
            community_id=town.community_id,
            account_id=tx.execute(account).scalar_one().id,
            purpose="booking",
            amount_points=points,
            created_at=FRIDAY,
            idempotency_key="hold:1",
        )
        tx.add(row)
        tx.flush()
        return row.community_id, row.id

    community_id, hold_id = town.write(begin)

    def end(tx: Any) -> None:
        held(0)(tx)
        tx.add(m.HoldEnd(community_id=community_id, hold_id=hold_id, how="void", ended_at=LATER))

    return lambda: town.write(end)


def test_points_go_along_and_minutes_stay_where_they_were_served(two: Two) -> None:
    town = two.town
    phone = town.login(acts_for={two.who: "self"})
    guardian = town.login(acts_for={two.who: "guardian"})
    town.consent(two.who, "keep_record")
    town.consent(two.who, "named_board")
    values = {"community_id": two.old, "resident_id": two.who, "system": "义工号", "number": "SZ1"}
    town.write(lambda tx: tx.run(insert(m.ExternalNumber).values(**values)))
    key = two.ask()
    assert two.carry(key) is None
    assert passbook(town, two.who) == (22, 60, 2), "until they are taken nothing changes"
    area = town._add(m.Area, community_id=two.new, kind="estate", name="怡枫园")
    two.accept(key, NewHome(area_id=area, room="402"))
    assert two.carry(key) is None
    who = two.arrived(key)
    assert passbook(town, two.who) == (0, 60, 3)
    assert passbook(town, who) == (22, 0, 1)
    assert (state(two, two.who), state(two, who)) == ("moved_on", "active")
    assert two.clearing() == {two.old: 22, two.new: -22}
    assert two.side(key, "in").facts["minutes"] == 60
    assert two.whole()
    links = select(m.LoginResident.login_id, m.LoginResident.relation).where(
        m.LoginResident.resident_id == who
    )
    assert set(town.write(lambda tx: tx.execute(links).all())) == {
        (phone, "self"),
        (guardian, "guardian"),
    }
    agreed = select(m.Consent.what).where(m.Consent.resident_id == who)
    assert one(town, agreed) == "keep_record", "a name on a board is asked for anew"
    assert one(town, select(m.ExternalNumber.number).where(m.ExternalNumber.resident_id == who))
    home = one(town, select(m.Residence).where(m.Residence.resident_id == who))
    assert (home.area_id, home.room, home.starts_on) == (area, "402", date(2026, 11, 21))
    ended = select(m.Residence.ends_on).where(m.Residence.resident_id == two.who)
    assert one(town, ended) == date(2026, 11, 21)
    assert one(town, select(m.Card.state).where(m.Card.resident_id == two.who)) == "replaced"
    assert one(town, select(m.Card.state).where(m.Card.resident_id == who)) == "active"


def test_the_old_card_and_number_check_nobody_in(two: Two) -> None:
    two.all_the_way()
    other = two.town.event(two.town.activity())
    rows = [
        scan_row(other, two.card[2]),
        scan_row(other, two.card[1][:8]),
        scan_row(other, resident_id=two.who, provenance="roll_call"),
    ]
    verdicts = record(two.town, two.device, *rows)
    assert [one.code for one in verdicts] == [
        "card_replaced",
        "resident_inactive",
        "resident_inactive",
    ]


@pytest.mark.parametrize("points", [0, 5])
def test_a_debt_goes_along_and_comes_to_the_same(two: Two, points: int) -> None:
    town = two.town
    post_lines(town, two.who, [{"points": -20, "code": "redemption"}])
    award = one(town, select(m.Transfer.id).where(m.Transfer.code == "award").limit(1))
    reverse_transfer(award, reason="错", by=two.old_staff, now=LATER, scope=Scope.of(two.old))
    if points:
        post_lines(town, two.who, [{"points": points, "code": "adjustment"}])
    before = passbook(town, two.who)[0], owed(two, two.who)
    assert before == (points, 20)
    who = two.arrived(two.all_the_way())
    assert (passbook(town, two.who)[0], owed(two, two.who)) == (0, 0)
    assert (passbook(town, who)[0], owed(two, who)) == before
    assert sum(two.clearing().values()) == 0
    assert two.whole()


def test_a_crash_between_any_two_transactions_loses_and_doubles_nothing(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever goes on finds what was done in the two rows; at every moment both books hold, and
    what is in neither passbook is in the clearing accounts."""
    for crashes_after in range(12):
        two.who = two.town.resident()
        post_lines(two.town, two.who, [{"points": 22, "code": "adjustment"}])
        key = two.ask()
        two.carry(key)
        two.accept(key)
        with monkeypatch.context() as patched:
            patched.setattr(service, "transact", crashing(crashes_after))
            with contextlib.suppress(Crash):
                two.carry(key)
        assert two.whole()
        here = passbook(two.town, two.who)[0]
        inward = two.side(key, "in").resident_id
        there = passbook(two.town, inward)[0] if inward else 0
        # What left the one and is not in the other is what the clearing accounts hold together.
        assert here + there + sum(two.clearing().values()) == 22
        for _ in range(2):
            carry_all_on(keys=two.town.keys, now=LATER)
        assert passbook(two.town, two.who)[0] == 0
        assert passbook(two.town, two.arrived(key))[0] == 22
        assert sum(two.clearing().values()) == 0
        assert two.side(key, "out").state == "done"
    assert two.whole()


def crashing(after: int) -> Any:
    """``transact``, until the machine goes away."""
    done = 0

    def work(work: Any, scope: Scope) -> Any:
        nonlocal done
        if done == after:
            raise Crash
        done += 1
        return transact(work, scope)

    return work


def test_who_is_not_taken_or_stays_after_all_keeps_everything(two: Two) -> None:
    key = two.ask()
    two.carry(key)
    assert code_of(two.ask) is Code.MOVE_WAITS
    decline_move(key, by=two.new_staff, now=LATER, scope=Scope.of(two.new))
    two.carry(key)
    assert two.side(key, "out").state == "declined"
    told = select(m.AuditEvent.facts).where(m.AuditEvent.action == "move_declined")
    assert one(two.town, told)["name"] == "陈*"  # nobody of theirs: no full name stays for good
    key = two.ask()
    two.carry(key)
    withdraw_move(key, by=two.old_staff, now=LATER, scope=Scope.of(two.old))
    assert code_of(lambda: two.carry(key) or two.accept(key)) is Code.CHANGED_MEANWHILE
    assert two.side(key, "in").state == "withdrawn"
    key = two.ask()
    two.carry(key)
    two.accept(key)
    withdraw_move(key, by=two.old_staff, now=LATER, scope=Scope.of(two.old))
    two.carry(key)  # accepted there, and called off here a moment before
    assert two.side(key, "in").state == "withdrawn"
    assert passbook(two.town, two.who) == (22, 60, 2)
    assert state(two, two.who) == "active"
    key = two.all_the_way()
    withdrawing = lambda: withdraw_move(  # noqa: E731
        key, by=two.old_staff, now=LATER, scope=Scope.of(two.old)
    )
    assert code_of(withdrawing) is Code.CHANGED_MEANWHILE
    assert two.whole()


def test_points_set_aside_are_finished_first(two: Two) -> None:
    key = two.ask()
    two.carry(key)
    two.accept(key)
    end = hold(two.town, two.who, 5)
    assert two.carry(key) is Step.LEAVE, "they wait"
    assert passbook(two.town, two.who)[0] == 22
    end()
    carry_all_on(keys=two.town.keys, now=LATER)
    assert passbook(two.town, two.arrived(key))[0] == 22
    assert two.whole()


def test_what_comes_into_the_old_passbook_later_follows(two: Two) -> None:
    """The staff take a line back after the move: what it lent is owed in the new passbook."""
    town, key = two.town, two.all_the_way()
    award = one(town, select(m.Transfer.id).where(m.Transfer.code == "award").limit(1))
    reverse_transfer(award, reason="错", by=two.old_staff, now=LATER, scope=Scope.of(two.old))
    assert owed(two, two.who) == 22
    for _ in range(2):
        carry_all_on(keys=town.keys, now=LATER)
    who = two.arrived(key)
    assert (owed(two, two.who), owed(two, who)) == (0, 22)
    assert passbook(town, who)[0] == 22
    assert sum(two.clearing().values()) == 0
    assert two.whole()


def test_who_helped_there_before_goes_on_in_that_passbook(two: Two) -> None:
    """A guest passbook of the new community becomes their own; one elsewhere follows them."""
    town = two.town
    third = town.community("狮岭社区")
    as_guest = {"home_community_id": two.old, "home_resident_id": two.who}
    guest = town.resident(community_id=two.new, **as_guest)
    elsewhere = town.resident(community_id=third, **as_guest)
    post_lines(town, guest, [{"points": 3, "code": "adjustment"}])
    who = two.arrived(two.all_the_way())
    assert who == guest
    assert passbook(town, who)[0] == 25
    row = one(town, select(m.Resident).where(m.Resident.id == who))
    assert (row.home_resident_id, row.pinyin) == (None, "chenxiuying")
    assert one(town, select(m.Card.state).where(m.Card.resident_id == who)) == "active"
    host = one(town, select(m.Resident).where(m.Resident.id == elsewhere))
    assert (host.home_community_id, host.home_resident_id) == (two.new, who)
    assert two.whole()


def test_who_comes_back_opens_the_old_passbook_again(two: Two) -> None:
    who = two.arrived(two.all_the_way())
    scope = Scope.of(two.new)
    key = ask_to_move(who, two.old, by=two.new_staff, now=LATER, scope=scope)
    two.carry(key)
    accept_move(key, NewHome(), by=two.old_staff, now=LATER, scope=Scope.of(two.old))
    two.carry(key)
    assert two.arrived(key) == two.who, "with its number for life"
    assert passbook(two.town, two.who)[:2] == (22, 60)
    assert (state(two, two.who), state(two, who)) == ("active", "moved_on")
    cards = select(m.Card.number).where(m.Card.resident_id == two.who, m.Card.state == "active")
    assert one(two.town, cards).endswith("02")
    assert two.whole()


def test_refusals(two: Two) -> None:
    town = two.town
    assert code_of(lambda: two.ask(scope=Scope.of(two.new))) is Code.NOT_FOUND
    itself = lambda: ask_to_move(  # noqa: E731
        two.who, two.old, by=two.old_staff, now=LATER, scope=Scope.of(two.old)
    )
    assert code_of(itself) is Code.MOVE_TO_ITSELF
    own = town.login(acts_for={two.who: "self"}, roles=("organizer",))
    assert code_of(lambda: two.ask(by=own)) is Code.OWN_RECORD
    key = two.ask()
    two.carry(key)
    town.grant(own, "organizer", two.new)
    assert code_of(lambda: two.accept(key, by=own)) is Code.OWN_RECORD
    assert code_of(lambda: two.accept(key, scope=Scope.of(two.old))) is Code.NOT_FOUND
    foreign = NewHome(building_id=two.building)
    assert code_of(lambda: two.accept(key, foreign)) is Code.NOT_FOUND
    guest = town.resident(home_community_id=two.old, home_resident_id=two.who)
    as_guest = lambda: ask_to_move(  # noqa: E731
        guest, two.new, by=two.old_staff, now=LATER, scope=Scope.of(two.old)
    )
    assert code_of(as_guest) is Code.MOVE_OF_GUEST


def test_who_was_merged_meanwhile_does_not_leave(two: Two) -> None:
    key = two.ask()
    two.carry(key)
    wish = Wish(two.town.resident(), two.who, with_sign_ins=False)
    merge_residents(wish, by=two.old_staff, now=LATER, scope=Scope.of(two.old))
    two.accept(key)
    assert two.carry(key) is None
    assert two.side(key, "in").state == "withdrawn"
    assert two.whole()


def test_verify_sees_a_half_that_is_missing_and_one_that_differs(two: Two) -> None:
    key = two.all_the_way()

    def faults() -> set[str]:
        return {finding.fault.value for finding in read_report(Scope.everything()).findings}

    where = m.CommunityMove.move_key == key, m.CommunityMove.side == "in"
    change = update(m.CommunityMove).where(*where).values(moved_points=21)
    two.town.write(lambda tx: tx.execute(change))
    assert faults() == {"clearing_differs", "move_differs"}
    lost = update(m.CommunityMove).where(*where).values(moved_points=22, state="accepted")
    two.town.write(lambda tx: tx.execute(lost))
    assert faults() == {"clearing_differs"}
