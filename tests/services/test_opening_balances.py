"""Old passbooks brought forward: proposed by one, approved by another, once a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from tests.auditor import audit
from tests.passbooks import award_lines, counted_statements
from tests.scanning import as_device, record, scan_row
from tests.services.test_scans import passbook
from tests.services.test_walk_ins import an_event, count
from tests.tampering import behind_the_app
from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.findings import Fault
from volunteer.domain.opening_balances import OldFigures
from volunteer.domain.refusals import Code, Refused
from volunteer.queries.verify import read_report
from volunteer.services import merges, reversal
from volunteer.services import opening_balances as service
from volunteer.services.boards import rebuild_boards
from volunteer.services.opening_balances import Approved, Written
from volunteer.store import models as m
from volunteer.store import opening_balances as store
from volunteer.store.database import Tx, db
from volunteer.store.opening_balances import Deciding, Proposed

LATER = FRIDAY + timedelta(days=3)
TODAY = FRIDAY.date()


class Office:
    """A community with two admins, and what they do with old passbooks."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.proposer = town.login(roles=("organizer",))
        self.approver = town.login(roles=("community_admin",))
        self.scope = Scope.of(town.community_id)

    def propose(
        self, resident_id: int, points: str = "120", hours: str = "12.5", by: int | None = None
    ) -> int:
        service.propose(
            resident_id,
            Written(points, hours, "红皮存折"),
            by=by or self.proposer,
            now=FRIDAY,
            scope=self.scope,
        )
        return self.newest(resident_id)

    def newest(self, resident_id: int) -> int:
        found = select(func.max(m.OpeningBalance.id)).where(
            m.OpeningBalance.resident_id == resident_id
        )
        return self.town.write(lambda tx: int(tx.run(found).scalar_one()))

    def approve(self, *ids: int, by: int | None = None) -> Approved:
        by = by or self.approver
        where = self.town.community_id
        return service.approve(where, ids, by=by, now=LATER, scope=self.scope)

    def states(self, resident_id: int) -> list[str]:
        found = (
            select(m.OpeningBalance.state)
            .where(m.OpeningBalance.resident_id == resident_id)
            .order_by(m.OpeningBalance.id)
        )
        return self.town.write(lambda tx: list(tx.run(found).scalars()))

    def faults(self) -> list[Fault]:
        db.session.remove()
        with db.engine.connect() as connection:
            assert audit(connection, self.town.community_id) == []
        return [one.fault for one in read_report(self.scope).findings]


@pytest.fixture
def office(both_town: Town) -> Office:
    return Office(both_town)


def why(refused: pytest.ExceptionInfo[Refused]) -> Code:
    return refused.value.refusal.code


def test_what_one_proposes_another_posts_as_line_one(office: Office) -> None:
    town = office.town
    who = town.resident(building_id=town.building("12栋"))
    opening = office.propose(who)
    assert passbook(town, who) == (0, 0, 0), "nothing is posted before"
    with pytest.raises(Refused) as refused:
        office.propose(who, by=town.login(roles=("organizer",), acts_for={who: "self"}))
    assert why(refused) is Code.OWN_OLD_BOOK
    assert office.approve(opening) == Approved(1, 120, 750)
    assert passbook(town, who) == (120, 750, 1)
    row = town.write(lambda tx: tx.run(select(m.Transfer.__table__)).one())
    assert (row.code, row.reason, row.facts) == (
        "opening_balance",
        "红皮存折",
        {"provenance": "old_passbook"},
    )
    assert (row.recorded_by_login_id, row.approved_by_login_id) == (
        office.proposer,
        office.approver,
    )
    assert count(town, m.BoardTotal) == 0, "on no board"
    assert count(town, m.BoardParticipation) == 0
    assert office.faults() == []
    assert office.approve(opening).refused == {Code.CHANGED_MEANWHILE: 1}, "a second tap"
    with pytest.raises(Refused) as refused:
        office.propose(who, "1")
    assert why(refused) is Code.BROUGHT_FORWARD_ALREADY
    said = select(m.AuditEvent.action, m.AuditEvent.login_id).order_by(m.AuditEvent.id)
    assert town.write(lambda tx: [tuple(row) for row in tx.run(said)]) == [
        ("opening_balance_proposed", office.proposer),
        ("opening_balance_posted", office.approver),
    ]


def test_nobody_approves_what_they_proposed_or_for_their_family(office: Office) -> None:
    town = office.town
    child, grandmother, other = (town.resident(name) for name in ("小明", "奶奶", "邻居"))
    own = town.resident("王主任")
    two_phones = town.login(roles=("community_admin",), acts_for={own: "self", child: "guardian"})
    second_phone = town.login(roles=("community_admin",), acts_for={own: "self"})
    town.acts_for(town.login(), grandmother, "self")
    for_child, for_own = office.propose(child), office.propose(own)
    for_other = office.propose(other, by=two_phones)
    approved = office.approve(for_child, for_own, for_other, by=two_phones)
    assert approved.posted == 0
    assert approved.refused == {Code.OWN_OLD_BOOK: 2, Code.SECOND_PERSON_NEEDED: 1}
    assert office.approve(for_other, by=second_phone).refused == {Code.SECOND_PERSON_NEEDED: 1}, (
        "the same person with another phone"
    )
    assert office.approve(for_child, for_own, for_other).posted == 3
    assert office.faults() == []


def test_a_proposal_is_sent_back_with_a_reason_or_taken_off(office: Office) -> None:
    town = office.town
    who, other = town.resident("张三"), town.resident("李四")
    opening, second = office.propose(who), office.propose(other)

    def send_back(*ids: int, reason: str = "和旧折对不上") -> int:
        where, by = town.community_id, office.approver
        return service.send_back(where, ids, reason=reason, by=by, now=LATER, scope=office.scope)

    with pytest.raises(Refused) as refused:
        send_back(opening, reason=" ")
    assert why(refused) is Code.REASON_MISSING
    assert send_back(opening) == 1
    with pytest.raises(Refused) as refused:
        send_back(opening, second)
    assert why(refused) is Code.CHANGED_MEANWHILE
    assert office.approve(opening).refused == {Code.CHANGED_MEANWHILE: 1}
    service.withdraw(second, by=office.proposer, now=LATER, scope=office.scope)
    with pytest.raises(Refused) as refused:
        service.withdraw(second, by=office.proposer, now=LATER, scope=office.scope)
    assert why(refused) is Code.CHANGED_MEANWHILE
    assert office.approve(office.propose(who, "110")).points == 110
    assert office.states(who) == ["sent_back", "posted"]
    assert office.states(other) == ["withdrawn"]
    assert office.faults() == []


def test_other_figures_replace_what_waits_and_the_old_page_posts_nothing(office: Office) -> None:
    who = office.town.resident()
    first = office.propose(who, "120")
    assert office.propose(who, "120") == first, "the same again changes nothing"
    second = office.propose(who, "1200")
    assert office.approve(first).refused == {Code.CHANGED_MEANWHILE: 1}
    assert passbook(office.town, who) == (0, 0, 0), "nobody has seen 1,200"
    assert office.approve(second).points == 1200
    assert office.states(who) == ["withdrawn", "posted"]


def test_a_book_with_lines_takes_it_as_the_next_line(office: Office) -> None:
    who = office.town.resident()
    award_lines(office.town, who, 2, reason=None)
    office.approve(office.propose(who))
    assert passbook(office.town, who)[2] == 3


def test_a_reversal_makes_room_for_the_right_figures(office: Office) -> None:
    town = office.town
    who = town.resident()
    office.approve(office.propose(who, "1200"))
    transfer = town.write(lambda tx: int(tx.run(select(m.Transfer.id)).scalar_one()))
    reversal.reverse_transfer(
        transfer, reason="多写了一个零", by=office.approver, now=LATER, scope=office.scope
    )
    assert passbook(town, who) == (0, 0, 2)
    assert office.faults() == []
    office.approve(office.propose(who, "120"))
    assert passbook(town, who) == (120, 750, 3)
    assert office.states(who) == ["reversed", "posted"]
    assert office.faults() == []


def test_two_passbooks_of_one_person_bring_one_old_book(office: Office) -> None:
    town = office.town
    kept, merged = town.resident("陈秀英"), town.resident("陈秀英")
    office.approve(office.propose(merged))
    waiting = office.propose(kept)
    wish = merges.Wish(kept, merged, with_sign_ins=True)
    merge = merges.merge_residents(wish, by=office.approver, now=LATER, scope=office.scope)
    assert office.approve(waiting).refused == {Code.BROUGHT_FORWARD_ALREADY: 1}
    with pytest.raises(Refused) as refused:
        office.propose(merged)
    assert why(refused) is Code.RESIDENT_INACTIVE
    assert office.faults() == []
    merges.undo_merge(merge.merge_id, by=office.approver, now=LATER, scope=office.scope)
    assert office.approve(waiting).posted == 1, "they were two people after all"
    assert office.faults() == []


def test_not_for_guests_nor_for_people_nobody_has_confirmed(office: Office) -> None:
    town = office.town
    home = town.resident("外来", community_id=town.community("景华社区"))
    there = town.write(
        lambda tx: int(
            tx.run(select(m.Resident.community_id).where(m.Resident.id == home)).scalar_one()
        )
    )
    guest = town.resident("外来", home_resident_id=home, home_community_id=there)
    with pytest.raises(Refused) as refused:
        office.propose(guest)
    assert why(refused) is Code.OLD_BOOK_OF_GUEST
    with pytest.raises(Refused) as refused:
        office.propose(town.resident("路过", state="provisional"))
    assert why(refused) is Code.CONFIRM_FIRST
    with pytest.raises(Refused) as refused:
        office.propose(home)
    assert why(refused) is Code.NOT_FOUND
    assert count(town, m.OpeningBalance) == 0


def test_another_community_approves_nothing_here(office: Office) -> None:
    town = office.town
    opening = office.propose(town.resident())
    other = town.community("景华社区")
    stranger = town.login()
    town.grant(stranger, "community_admin", other)
    for call in (
        lambda: service.approve(
            town.community_id, [opening], by=stranger, now=LATER, scope=Scope.of(other)
        ),
        lambda: service.withdraw(opening, by=stranger, now=LATER, scope=Scope.of(other)),
        lambda: service.approve_all(
            town.community_id, opening, by=stranger, now=LATER, scope=Scope.of(other)
        ),
    ):
        with pytest.raises(Refused) as refused:
            call()
        assert why(refused) is Code.NOT_FOUND
    found = service.approve(other, [opening], by=stranger, now=LATER, scope=Scope.of(other))
    assert found.refused == {Code.CHANGED_MEANWHILE: 1}


def test_a_sheet_proposes_many_at_once_and_twice_the_same(office: Office) -> None:
    town = office.town
    people = [town.resident(f"居民{number}") for number in range(60)]
    own = town.resident("自己")
    town.acts_for(office.proposer, own, "self")
    batch = town.import_batch()
    rows = [
        Proposed(one, OldFigures(10 + place, 60, ""), batch, place + 2)
        for place, one in enumerate([*people, own])
    ]
    hand = Deciding(office.proposer, FRIDAY, TODAY)

    def record(tx: Tx) -> dict[int, Code]:
        with counted_statements() as seen:
            refused = store.record_proposed(tx, town.community_id, rows, hand)
        assert len(seen) <= 9
        return {resident: refusal.code for resident, refusal in refused.items()}

    assert town.write(record) == {own: Code.OWN_OLD_BOOK}
    assert town.write(record) == {own: Code.OWN_OLD_BOOK}
    assert count(town, m.OpeningBalance) == 60
    rows[0] = Proposed(people[0], OldFigures(99, 0, ""), batch, 2)
    town.write(record)
    assert office.states(people[0]) == ["withdrawn", "proposed"]
    through = office.newest(people[0])
    late = office.propose(town.resident("后来的"))
    done = service.approve_all(
        town.community_id, through, by=office.approver, now=LATER, scope=office.scope
    )
    assert (done.posted, done.refused) == (60, {})
    assert done.points == 99 + sum(10 + place for place in range(1, 60))
    assert office.states(late and people[1]) == ["posted"]
    facts = select(m.Transfer.facts).order_by(m.Transfer.id).limit(1)
    assert town.write(lambda tx: tx.run(facts).scalar_one()) == {
        "provenance": "old_passbook",
        "file": "居民.xlsx",
        "row": 3,
    }
    assert office.faults() == []


def test_boards_never_count_what_was_brought_forward(office: Office) -> None:
    town = office.town
    building, event_id = town.building("12栋"), an_event(town)
    who = town.resident(building_id=building)
    office.approve(office.propose(who, "5000", "900"))
    number = town.card(who)[1]
    assert record(town, as_device(town.device()), scan_row(event_id, number))[0].code == "ok_in"
    totals = select(m.BoardTotal.points, m.BoardTotal.minutes).distinct()
    assert town.write(lambda tx: [tuple(row) for row in tx.run(totals)]) == [(10, 0)]
    rebuild_boards(office.scope)
    assert town.write(lambda tx: [tuple(row) for row in tx.run(totals)]) == [(10, 0)]
    assert office.faults() == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ("UPDATE transfer SET code = 'adjustment'", Fault.OPENING_UNPOSTED),
        ("UPDATE opening_balance SET points = 12", Fault.OPENING_DIFFERS),
        ("UPDATE opening_balance SET state = 'reversed'", Fault.OPENING_DIFFERS),
        ("DELETE FROM opening_balance", Fault.OPENING_UNAPPROVED),
        (
            "UPDATE transfer SET approved_by_login_id = recorded_by_login_id",
            Fault.OPENING_UNAPPROVED,
        ),
    ],
)
def test_the_proof_finds_what_nobody_approved(town: Town, changes: str, fault: Fault) -> None:
    office = Office(town)
    office.approve(office.propose(town.resident()))
    assert office.faults() == []
    with behind_the_app() as connection:
        connection.execute(text(changes))
        connection.commit()
        found = [one.fault for one in read_report(office.scope).findings]
    assert fault in found


def test_the_database_refuses_one_person_for_both(town: Town) -> None:
    office = Office(town)
    opening = office.propose(town.resident())
    office.approve(opening)
    changed = update(m.OpeningBalance).values(decided_by_login_id=office.proposer)
    with pytest.raises(IntegrityError):
        town.write(lambda tx: tx.run(changed))
