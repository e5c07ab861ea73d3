"""Two passbooks of one person become one and two again: points, attendances, boards, cards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.auditor import audit
from tests.passbooks import post_lines
from tests.scanning import as_device, as_self, new_id, record, scan_row
from tests.services.test_scans import board, passbook
from tests.services.test_walk_ins import an_event as a_walk_in_event
from tests.services.test_walk_ins import walk_in
from tests.town import FRIDAY, STARTS_AT, Town
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, Refused
from volunteer.queries.principals import read_principal
from volunteer.queries.verify import read_report
from volunteer.services.boards import rebuild_boards
from volunteer.services.merges import Wish, merge_residents, preview_merge, undo_merge
from volunteer.services.people import change_resident_state
from volunteer.services.reversal import reverse_transfer
from volunteer.store import models as m
from volunteer.store.database import db
from volunteer.store.merge import Merged

LATER = FRIDAY + timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def admin(both_town: Town) -> int:
    return both_town.login(roles=("community_admin",))


def merge(town: Town, kept: int, merged: int, by: int, **more: Any) -> Merged:
    wish = Wish(kept, merged, more.pop("with_sign_ins", True))
    values = {"by": by, "now": LATER, "scope": Scope.of(town.community_id)} | more
    return merge_residents(wish, **values)


def undo(town: Town, merge_id: int, by: int, **more: Any) -> None:
    undo_merge(merge_id, **{"by": by, "now": LATER, "scope": Scope.of(town.community_id)} | more)


def code_of(call: Callable[[], object]) -> Code:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def whole(town: Town) -> bool:
    """Both audits, and boards that a rebuild leaves as they are."""
    db.session.remove()
    with db.engine.connect() as connection:
        assert audit(connection, town.community_id) == []
    assert read_report(Scope.of(town.community_id)).findings == []
    before = boards(town)
    rebuild_boards(Scope.of(town.community_id))
    assert boards(town) == before
    return True


def boards(town: Town) -> list[tuple[Any, ...]]:
    table = m.BoardTotal
    columns = (
        table.board, table.period_kind, table.period_start, table.subject_id,
        table.points, table.minutes, table.attendances, table.participants,
    )  # fmt: skip
    rows = town.write(lambda tx: tx.execute(select(*columns).order_by(*columns)).all())
    # A row of zeros says the same as no row.
    return [tuple(row) for row in rows if any(row[4:])]


def one(town: Town, statement: Any) -> Any:
    return town.write(lambda tx: tx.execute(statement).scalar_one())


def state(town: Town, resident_id: int) -> tuple[str, int | None]:
    found = select(m.Resident.state, m.Resident.merged_into_id).where(m.Resident.id == resident_id)
    return tuple(town.write(lambda tx: tx.execute(found).one()))  # type: ignore[return-value]


class Pair:
    """陈秀英 twice, in one building, each with a card; two events she came to."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.building = town.building("12栋")
        self.kept = town.resident(building_id=self.building)
        self.twin = town.resident(building_id=self.building)
        self.kept_card = town.card(self.kept)
        self.twin_card = town.card(self.twin)
        self.device = as_device(town.device())
        activity = town.activity(rule={"fixed_points": 10, "points_per_hour": 12})
        self.first, self.second = town.event(activity), town.event(activity)

    def come(self, event_id: int, card: tuple[int, str, str], minute: int = 0, out: int = 0) -> Any:
        """In, and with ``out`` out again, by minutes after the start."""
        rows = [scan_row(event_id, card[2], at=STARTS_AT + minute * MINUTE)]
        if out:
            at = STARTS_AT + out * MINUTE
            rows.append(scan_row(event_id, card[2], direction="out", at=at))
        return record(self.town, self.device, *rows, now=STARTS_AT + (out or minute) * MINUTE)


@pytest.fixture
def pair(both_town: Town) -> Pair:
    return Pair(both_town)


def test_points_minutes_and_boards_follow_in_one_line(pair: Pair, admin: int) -> None:
    town = pair.town
    pair.come(pair.first, pair.kept_card, 0, 60)
    pair.come(pair.second, pair.twin_card, 0, 30)
    assert (passbook(town, pair.kept), passbook(town, pair.twin)) == ((22, 60, 2), (16, 30, 2))
    assert board(town, pair.building) == (38, 90, 2, 2)
    done = merge(town, pair.kept, pair.twin, admin)
    assert (done.moved_points, done.moved_minutes, done.handed, done.joined) == (16, 30, 1, 0)
    assert (done.after_points, done.after_minutes) == (38, 90)
    assert (passbook(town, pair.kept), passbook(town, pair.twin)) == ((38, 90, 3), (0, 0, 3))
    assert board(town, pair.building) == (38, 90, 2, 1), "one person, counted once"
    assert state(town, pair.twin) == ("merged", pair.kept)
    assert whole(town)
    undo(town, done.merge_id, admin)
    assert (passbook(town, pair.kept), passbook(town, pair.twin)) == ((22, 60, 4), (16, 30, 4))
    assert board(town, pair.building) == (38, 90, 2, 2)
    assert state(town, pair.twin) == ("active", None)
    assert whole(town)


def test_an_event_with_both_cards_counts_once(pair: Pair, admin: int) -> None:
    """The attendance that stays is made of all scans: from the first in to the last out."""
    town = pair.town
    pair.come(pair.first, pair.kept_card, 10, 60)
    pair.come(pair.first, pair.twin_card, 0, 50)
    assert board(town, pair.building) == (38, 100, 2, 2)
    done = merge(town, pair.kept, pair.twin, admin)
    assert (done.handed, done.joined) == (0, 1)
    assert passbook(town, pair.kept)[:2] == (22, 60)
    assert board(town, pair.building) == (22, 60, 1, 1)
    assert whole(town)
    undo(town, done.merge_id, admin)
    assert passbook(town, pair.kept)[:2] == (19, 50)
    assert passbook(town, pair.twin)[:2] == (19, 50)
    assert board(town, pair.building) == (38, 100, 2, 2)
    assert whole(town)


def test_apart_again_each_has_what_the_days_cap_left_them(pair: Pair, admin: int) -> None:
    """Worked out anew, the caps would see another order than the one the points were posted in."""
    town, day = pair.town, {"points_per_hour": 20, "cap_day_points": 22}
    capped = town.event(town.activity(rule=day))
    full = town.event(town.activity(rule={"fixed_points": 15}))
    pair.come(full, pair.twin_card)
    pair.come(capped, pair.twin_card, 0, 60)
    pair.come(capped, pair.kept_card, 30, 45)
    pair.come(full, pair.kept_card)
    had = passbook(town, pair.kept)[:2], passbook(town, pair.twin)[:2]
    assert had == ((20, 15), (22, 60))
    merged = merge(town, pair.kept, pair.twin, admin)
    assert passbook(town, pair.kept)[:2] == (22, 60), "one resident, one day, one cap"
    undo(town, merged.merge_id, admin)
    assert (passbook(town, pair.kept)[:2], passbook(town, pair.twin)[:2]) == had
    assert whole(town)


def test_either_card_and_number_leads_to_who_stays(pair: Pair, admin: int) -> None:
    town = pair.town
    merge(town, pair.kept, pair.twin, admin)
    passbook_number = pair.twin_card[1][:8]
    for code in (pair.twin_card[2], pair.twin_card[1], passbook_number, pair.kept_card[2]):
        [verdict] = record(town, pair.device, scan_row(pair.first, code))
        assert verdict.resident_id == pair.kept
        assert verdict.verdict in ("accepted", "already")
    [ticked] = record(
        town,
        pair.device,
        scan_row(pair.second, resident_id=pair.twin, provenance="roll_call"),
    )
    assert (ticked.resident_id, ticked.verdict) == (pair.kept, "accepted")
    assert passbook(town, pair.kept)[0] == 20
    assert whole(town)


def test_a_replay_keeps_its_first_answer(pair: Pair, admin: int) -> None:
    town = pair.town
    row = scan_row(pair.first, pair.twin_card[2])
    [first] = record(town, pair.device, row)
    done = merge(town, pair.kept, pair.twin, admin)
    [again] = record(town, pair.device, row)
    assert again == first
    undo(town, done.merge_id, admin)
    [again] = record(town, pair.device, row)
    assert again == first
    assert whole(town)


def test_a_late_out_corrects_what_came_along(pair: Pair, admin: int) -> None:
    """The award stands in the merged passbook: taking it back is paid by the one that goes on."""
    town = pair.town
    pair.come(pair.first, pair.twin_card, 0, 30)
    done = merge(town, pair.kept, pair.twin, admin, now=STARTS_AT + 40 * MINUTE)
    out = scan_row(pair.first, pair.kept_card[2], direction="out", at=STARTS_AT + 60 * MINUTE)
    [verdict] = record(town, pair.device, out, now=STARTS_AT + 60 * MINUTE)
    assert verdict.verdict == "accepted"
    assert passbook(town, pair.kept)[:2] == (22, 60)
    assert passbook(town, pair.twin)[:2] == (0, 0)
    assert board(town, pair.building) == (22, 60, 1, 1)
    assert whole(town)
    assert code_of(lambda: undo(town, done.merge_id, admin)) is Code.MERGE_CHANGED


def test_an_undo_of_a_scan_from_before_the_merge(pair: Pair, admin: int) -> None:
    town = pair.town
    wrong = scan_row(pair.first, pair.twin_card[2], at=STARTS_AT)
    record(town, pair.device, wrong, now=STARTS_AT)
    merge(town, pair.kept, pair.twin, admin, now=STARTS_AT + MINUTE)
    back = scan_row(None, direction="undo", at=STARTS_AT + 2 * MINUTE, undoes=wrong.client_id)
    [verdict] = record(town, pair.device, back, now=STARTS_AT + 2 * MINUTE)
    assert (verdict.verdict, verdict.resident_id) == ("accepted", pair.kept)
    assert passbook(town, pair.kept)[:2] == (0, 0)
    assert board(town, pair.building) == (0, 0, 0, 0)
    assert whole(town)


def test_a_merged_line_is_taken_back_from_who_has_the_points(pair: Pair, admin: int) -> None:
    town = pair.town
    pair.come(pair.first, pair.twin_card)
    done = merge(town, pair.kept, pair.twin, admin)
    post_lines(town, pair.kept, [{"points": -4, "code": "redemption"}])
    award = one(town, select(m.Transfer.id).where(m.Transfer.code == "award"))
    scope = Scope.of(town.community_id)
    reverse_transfer(award, reason="登记错人", by=admin, now=LATER, scope=scope)
    owed = select(m.Account.owed_points).where(m.Account.resident_id == pair.kept)
    assert (passbook(town, pair.kept)[0], one(town, owed)) == (0, 4)
    assert passbook(town, pair.twin)[:2] == (0, 0)
    assert whole(town)
    assert code_of(lambda: undo(town, done.merge_id, admin)) is Code.MERGE_CHANGED


def test_the_merge_s_own_line_is_not_taken_back_by_itself(pair: Pair, admin: int) -> None:
    town = pair.town
    pair.come(pair.first, pair.twin_card)
    merge(town, pair.kept, pair.twin, admin)
    line = one(town, select(m.Transfer.id).where(m.Transfer.code == "merge"))
    scope = Scope.of(town.community_id)
    taking = lambda: reverse_transfer(line, reason="错", by=admin, now=LATER, scope=scope)  # noqa: E731
    assert code_of(taking) is Code.LINE_NOT_REVERSIBLE


def test_a_debt_goes_along_and_comes_back(pair: Pair, admin: int) -> None:
    town = pair.town
    pair.come(pair.first, pair.twin_card)
    post_lines(town, pair.twin, [{"points": -8, "code": "redemption"}])
    award = one(town, select(m.Transfer.id).where(m.Transfer.code == "award"))
    scope = Scope.of(town.community_id)
    reverse_transfer(award, reason="登记错人", by=admin, now=LATER, scope=scope)
    owed = select(m.Account.owed_points).where(m.Account.resident_id == pair.twin)
    assert one(town, owed) == 8
    done = merge(town, pair.kept, pair.twin, admin)
    assert (done.moved_owed_points, done.after_owed_points) == (8, 8)
    assert one(town, owed) == 0
    assert whole(town)
    undo(town, done.merge_id, admin)
    assert one(town, owed) == 8
    assert whole(town)


def test_a_debt_paid_back_since_keeps_them_together(pair: Pair, admin: int) -> None:
    town = pair.town
    pair.come(pair.first, pair.twin_card)
    post_lines(town, pair.twin, [{"points": -8, "code": "redemption"}])
    award = one(town, select(m.Transfer.id).where(m.Transfer.code == "award"))
    scope = Scope.of(town.community_id)
    reverse_transfer(award, reason="登记错人", by=admin, now=LATER, scope=scope)
    done = merge(town, pair.kept, pair.twin, admin)
    pair.come(pair.second, pair.kept_card)
    assert code_of(lambda: undo(town, done.merge_id, admin)) is Code.MERGE_POINTS_SPENT
    assert whole(town)


def test_points_used_since_keep_them_together(pair: Pair, admin: int) -> None:
    town = pair.town
    pair.come(pair.first, pair.twin_card)
    done = merge(town, pair.kept, pair.twin, admin)
    post_lines(town, pair.kept, [{"points": -1, "code": "redemption"}])
    assert code_of(lambda: undo(town, done.merge_id, admin)) is Code.MERGE_POINTS_SPENT


def test_a_scan_since_at_an_event_that_came_along_keeps_them_together(
    pair: Pair, admin: int
) -> None:
    town = pair.town
    pair.come(pair.first, pair.twin_card)
    done = merge(town, pair.kept, pair.twin, admin, now=FRIDAY)
    later = FRIDAY + MINUTE
    record(town, pair.device, scan_row(pair.first, pair.kept_card[2], at=later), now=later)
    assert code_of(lambda: undo(town, done.merge_id, admin)) is Code.MERGE_CHANGED


def test_what_was_taken_back_before_stays_taken_back(pair: Pair, admin: int) -> None:
    """Staff saw that she was scanned twice and took one back; then they merge. A later scan does
    not bring the false one back."""
    town = pair.town
    pair.come(pair.first, pair.twin_card, 0)
    pair.come(pair.first, pair.kept_card, 20)
    account = select(m.Account.id).where(m.Account.resident_id == pair.twin).scalar_subquery()
    award = one(town, select(m.Transfer.id).where(m.Transfer.credit_account_id == account))
    scope = Scope.of(town.community_id)
    reverse_transfer(award, reason="重复", by=admin, now=FRIDAY, scope=scope)
    done = merge(town, pair.kept, pair.twin, admin)
    assert done.joined == 0
    pair.come(pair.first, pair.kept_card, 21, 80)
    assert passbook(town, pair.kept)[1] == 60
    assert whole(town)


def test_an_attendance_that_the_kept_one_lost_takes_the_other_along(pair: Pair, admin: int) -> None:
    town = pair.town
    pair.come(pair.first, pair.kept_card)
    pair.come(pair.first, pair.twin_card)
    account = select(m.Account.id).where(m.Account.resident_id == pair.kept).scalar_subquery()
    award = one(town, select(m.Transfer.id).where(m.Transfer.credit_account_id == account))
    scope = Scope.of(town.community_id)
    reverse_transfer(award, reason="不在场", by=admin, now=FRIDAY, scope=scope)
    done = merge(town, pair.kept, pair.twin, admin)
    assert (done.joined, done.after_points) == (1, 0)
    assert whole(town)
    undo(town, done.merge_id, admin)
    assert passbook(town, pair.twin)[0] == 10
    assert whole(town)


def test_a_walk_in_merged_earns_for_who_stays(both_town: Town, admin: int) -> None:
    town = both_town
    event_id = a_walk_in_event(town)
    building = town.building("3栋")
    known = town.resident("路过", building_id=building)
    who = walk_in(town, event_id, "路过", building_id=building, phone="13800002222")
    login = select(m.LoginResident.login_id).where(m.LoginResident.resident_id == who)
    login_id = one(town, login)
    done = merge(town, known, who, admin, with_sign_ins=False)
    assert (done.after_points, done.moved_points) == (10, 0)
    assert board(town, building) == (10, 0, 1, 1)
    open_links = (
        select(func.count())
        .select_from(m.LoginResident)
        .where(m.LoginResident.login_id == login_id, m.LoginResident.revoked_at.is_(None))
    )
    assert one(town, open_links) == 0, "whoever typed the name does not get the passbook"
    assert whole(town)
    undo(town, done.merge_id, admin)
    assert state(town, who) == ("provisional", None)
    assert passbook(town, known)[0] == 0
    assert one(town, open_links) == 1
    assert board(town, building) == (0, 0, 0, 0)
    assert whole(town)
    kept = code_of(lambda: merge(town, who, known, admin))
    assert kept is Code.MERGE_INTO_GONE


def test_three_passbooks_and_the_order_of_undoing(pair: Pair, admin: int) -> None:
    town = pair.town
    third = town.resident(building_id=pair.building)
    third_card = town.card(third)
    pair.come(pair.first, pair.twin_card, 0)
    pair.come(pair.first, pair.kept_card, 5)
    pair.come(pair.first, third_card, 10, 60)
    one_merge = merge(town, pair.kept, pair.twin, admin)
    two_merge = merge(town, third, pair.kept, admin)
    assert state(town, pair.twin) == ("merged", third), "nobody leads to somebody merged"
    assert passbook(town, third)[:2] == (22, 60)
    assert board(town, pair.building) == (22, 60, 1, 1)
    assert whole(town)
    [verdict] = record(town, pair.device, scan_row(pair.second, pair.twin_card[2]))
    assert verdict.resident_id == third
    assert code_of(lambda: undo(town, one_merge.merge_id, admin)) is Code.MERGE_FOLLOWED
    undo(town, two_merge.merge_id, admin)
    assert state(town, pair.twin) == ("merged", pair.kept)
    assert whole(town)
    undo(town, one_merge.merge_id, admin)
    assert passbook(town, pair.twin)[0] == 10
    assert passbook(town, pair.kept)[0] == 10
    assert whole(town)
    assert code_of(lambda: undo(town, one_merge.merge_id, admin)) is Code.CHANGED_MEANWHILE


def test_merging_again_after_an_undo(pair: Pair, admin: int) -> None:
    town = pair.town
    pair.come(pair.first, pair.twin_card)
    for _ in range(2):
        done = merge(town, pair.kept, pair.twin, admin)
        assert done.after_points == 10
        undo(town, done.merge_id, admin)
        assert passbook(town, pair.twin)[0] == 10
        assert whole(town)


def test_what_belongs_to_them_goes_along_and_comes_back(pair: Pair, admin: int) -> None:
    town = pair.town
    group, other_group = town.youth_group("先锋队"), town.youth_group("巡逻兵")
    own_phone, helper = town.login(acts_for={pair.twin: "self"}), town.login()
    town.acts_for(helper, pair.twin, "helper")
    for who, of in ((pair.kept, group), (pair.twin, group), (pair.twin, other_group)):
        town._add(
            m.Membership,
            community_id=town.community_id,
            resident_id=who,
            youth_group_id=of,
            starts_on=FRIDAY.date(),
        )
    town.consent(pair.kept, "named_board", given=True)
    town.consent(pair.twin, "keep_record", given=True)
    family = town._add(m.Household, community_id=town.community_id, name="陈家", created_at=FRIDAY)
    agreed = {"state": "agreed", "asked_at": FRIDAY, "answered_at": FRIDAY}
    for model, values in (
        (m.HouseholdMember, {"household_id": family} | agreed),
        (m.ExternalNumber, {"system": "义工号", "number": "440301"}),
        (m.ContactPhone, {"phone": "+8613800001111", "noted_at": FRIDAY}),
        (m.EventLeader, {"event_id": pair.first}),
    ):
        town._add(model, community_id=town.community_id, resident_id=pair.twin, **values)
    before = _owned(town, pair.kept), _owned(town, pair.twin)
    done = merge(town, pair.kept, pair.twin, admin)
    kept = _owned(town, pair.kept)
    assert kept["card"] == 2
    assert kept["login_resident"] == 2
    assert kept["membership"] == 2, "the group of both is there once"
    assert kept["household_member"] == kept["external_number"] == kept["contact_phone"] == 1
    assert kept["event_leader"] == 1
    assert _answers(town, pair.kept) == {"named_board": True, "keep_record": True}
    db.session.remove()
    signed_in = read_principal(_session(town, own_phone), LATER)
    assert signed_in is not None
    assert [person.resident_id for person in signed_in.principal.acts_for] == [pair.kept]
    undo(town, done.merge_id, admin)
    assert (_owned(town, pair.kept), _owned(town, pair.twin)) == before
    assert _answers(town, pair.kept) == {"named_board": True, "keep_record": False}
    assert whole(town)


def _owned(town: Town, resident_id: int) -> dict[str, int]:
    models: tuple[Any, ...] = (
        m.Card, m.LoginResident, m.Membership, m.HouseholdMember, m.ExternalNumber,
        m.ContactPhone, m.EventLeader, m.Residence,
    )  # fmt: skip
    return {
        model.__tablename__: one(town, select(func.count()).where(model.resident_id == resident_id))
        for model in models
    }


def _answers(town: Town, resident_id: int) -> dict[str, bool]:
    rows = town.write(
        lambda tx: tx.execute(
            select(m.Consent.what, m.Consent.given)
            .where(m.Consent.resident_id == resident_id)
            .order_by(m.Consent.id)
        ).all()
    )
    return {row.what: row.given for row in rows}


def _session(town: Town, login_id: int) -> bytes:
    token_hash = new_id().bytes * 2
    town._add(
        m.SignInSession,
        login_id=login_id,
        token_hash=token_hash,
        created_at=FRIDAY,
        last_seen_at=FRIDAY,
        expires_at=FRIDAY + timedelta(days=30),
    )
    return token_hash


def test_a_preview_says_what_would_be_and_writes_nothing(pair: Pair, admin: int) -> None:
    town = pair.town
    pair.come(pair.first, pair.twin_card)
    scope = Scope.of(town.community_id)
    wish = Wish(pair.kept, pair.twin, with_sign_ins=True)
    seen = preview_merge(wish, by=admin, now=LATER, scope=scope)
    assert (seen.moved_points, seen.after_points, seen.handed) == (10, 10, 1)
    assert state(town, pair.twin) == ("active", None)
    assert passbook(town, pair.kept) == (0, 0, 0)
    assert one(town, select(func.count()).select_from(m.ResidentMerge)) == 0
    done = merge(town, pair.kept, pair.twin, admin)
    assert replace(seen, merge_id=0) == replace(done, merge_id=0)


def test_refusals(pair: Pair, admin: int) -> None:
    town = pair.town
    kept, twin = pair.kept, pair.twin
    assert code_of(lambda: merge(town, kept, kept, admin)) is Code.MERGE_NEEDS_TWO
    elsewhere = Scope.of(town.community("景华社区"))
    assert code_of(lambda: merge(town, kept, twin, admin, scope=elsewhere)) is Code.NOT_FOUND
    stranger = town.resident(community_id=town.community("狮岭社区"))
    assert code_of(lambda: merge(town, kept, stranger, admin)) is Code.NOT_FOUND
    own = town.login(acts_for={twin: "self"}, roles=("community_admin",))
    assert code_of(lambda: merge(town, kept, twin, own)) is Code.OWN_RECORD
    guest = town.resident(home_community_id=town.community_id, home_resident_id=town.resident("客"))
    assert code_of(lambda: merge(town, kept, guest, admin)) is Code.MERGE_OF_GUEST
    done = merge(town, kept, twin, admin)
    assert code_of(lambda: merge(town, kept, twin, admin)) is Code.MERGE_OF_GONE
    assert code_of(lambda: merge(town, twin, kept, admin)) is Code.MERGE_INTO_GONE
    assert code_of(lambda: undo(town, done.merge_id, admin, scope=elsewhere)) is Code.NOT_FOUND
    assert code_of(lambda: undo(town, 999, admin)) is Code.NOT_FOUND
    own_again = town.login(acts_for={kept: "self"}, roles=("community_admin",))
    assert code_of(lambda: undo(town, done.merge_id, own_again)) is Code.OWN_RECORD


def test_points_set_aside_come_first(pair: Pair, admin: int) -> None:
    town = pair.town
    pair.come(pair.first, pair.twin_card)

    def hold(tx: Any) -> None:
        account = tx.execute(select(m.Account).where(m.Account.resident_id == pair.twin)).scalar()
        account.held_points = 5
        tx.add(
            m.Hold(
                community_id=town.community_id,
                account_id=account.id,
                purpose="booking",
                amount_points=5,
                created_at=FRIDAY,
                idempotency_key="hold:1",
            )
        )

    town.write(hold)
    assert code_of(lambda: merge(town, pair.kept, pair.twin, admin)) is Code.POINTS_HELD


def test_somebody_dead_or_rejected_is_not_merged(pair: Pair, admin: int) -> None:
    town = pair.town
    scope = Scope.of(town.community_id)
    today = FRIDAY.date()
    change_resident_state(pair.twin, "moved_away", today, by=admin, now=LATER, scope=scope)
    change_resident_state(pair.twin, "deceased", today, by=admin, now=LATER, scope=scope)
    assert code_of(lambda: merge(town, pair.kept, pair.twin, admin)) is Code.MERGE_OF_GONE


def test_a_signed_in_resident_goes_on_with_the_kept_passbook(pair: Pair, admin: int) -> None:
    town = pair.town
    phone = town.login(acts_for={pair.twin: "self"})
    merge(town, pair.kept, pair.twin, admin)
    row = scan_row(pair.first, provenance="rotating_code", resident_id=pair.kept)
    [verdict] = record(town, as_self(phone, pair.kept), row)
    assert (verdict.verdict, verdict.resident_id) == ("accepted", pair.kept)
