"""Taking lines back, on both databases: mirror, debt, the whole attendance, and every refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.auditor import audit
from tests.passbooks import award_lines, post_lines
from tests.scanning import as_device, as_leader, record, scan_row
from tests.services.test_scans import board, passbook
from tests.town import ENDS_AT, FRIDAY, STARTS_AT, Town
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, Refused
from volunteer.services.boards import rebuild_boards
from volunteer.services.event_end import end_event
from volunteer.services.reversal import reverse_transfer
from volunteer.store import models as m
from volunteer.store.database import db

LATER = FRIDAY + timedelta(days=1)


@pytest.fixture
def admin(both_town: Town) -> int:
    return both_town.login(roles=("community_admin",))


def reverse(town: Town, transfer_id: int, by: int, **more: object) -> None:
    values = {"reason": "登记错人", "by": by, "now": LATER, "scope": Scope.of(town.community_id)}
    reverse_transfer(transfer_id, **values | more)  # type: ignore[arg-type]


def refusal(town: Town, transfer_id: int, by: int, **more: object) -> Code:
    before = transfers(town)
    with pytest.raises(Refused) as refused:
        reverse(town, transfer_id, by, **more)
    assert transfers(town) == before
    return refused.value.refusal.code


def transfers(town: Town, code: str | None = None, of: int | None = None) -> list[int]:
    found = select(m.Transfer.id).order_by(m.Transfer.id)
    if code:
        found = found.where(m.Transfer.code == code)
    if of:
        account = select(m.Account.id).where(m.Account.resident_id == of).scalar_subquery()
        found = found.where(m.Transfer.credit_account_id == account)
    return town.write(lambda tx: list(tx.execute(found).scalars()))


def faults(town: Town) -> list[str]:
    db.session.remove()
    with db.engine.connect() as connection:
        return audit(connection, town.community_id)


def served(town: Town, count: int = 1) -> tuple[int, list[int]]:
    """5 points and 10 an hour, two hours, ``count`` people of one building: (building, people)."""
    building_id = town.building("12栋")
    event_id = town.event(town.activity(rule={"fixed_points": 5, "points_per_hour": 10}))
    people = [town.resident(building_id=building_id) for _ in range(count)]
    rows = [scan_row(event_id, town.card(who)[1], at=STARTS_AT) for who in people]
    record(town, as_device(town.device()), *rows, now=STARTS_AT)
    end_event(
        event_id,
        ended_at=ENDS_AT,
        left_at={},
        recorder=as_leader(town, town.login(roles=("organizer",))),
        now=ENDS_AT,
        scope=Scope.of(town.community_id),
        keys=town.keys,
    )
    return building_id, people


def test_reversing_one_part_takes_the_whole_attendance(both_town: Town, admin: int) -> None:
    building_id, (who, other) = served(both_town, 2)
    assert passbook(both_town, who) == (25, 120, 2)
    assert board(both_town, building_id) == (50, 240, 2, 2)
    reverse(both_town, transfers(both_town, "award", of=who)[0], admin)
    assert passbook(both_town, who) == (0, 0, 4)
    assert passbook(both_town, other) == (25, 120, 2)
    assert board(both_town, building_id) == (25, 120, 1, 1)
    rebuild_boards(Scope.everything())
    assert board(both_town, building_id) == (25, 120, 1, 1)
    row = both_town.write(
        lambda tx: tx.execute(
            select(m.Transfer.reason, m.Transfer.posted_at, m.Transfer.recorded_by_login_id).where(
                m.Transfer.code == "reversal"
            )
        ).first()
    )
    assert tuple(row) == ("登记错人", LATER, admin)
    assert faults(both_town) == []


def test_points_that_are_spent_become_a_debt(both_town: Town, admin: int) -> None:
    _, (who,) = served(both_town)
    post_lines(both_town, who, [{"points": -20, "code": "redemption"}])
    reverse(both_town, transfers(both_town, "award")[1], admin)
    db.session.remove()
    account = both_town.write(
        lambda tx: tx.execute(select(m.Account).where(m.Account.resident_id == who)).scalar_one()
    )
    assert (account.balance_points, account.owed_points, account.total_minutes) == (0, 20, 0)
    assert faults(both_town) == []


def test_a_line_by_hand_is_reversed_by_itself(both_town: Town, admin: int) -> None:
    who = both_town.resident()
    post_lines(both_town, who, [{"points": 8, "minutes": 30, "code": "adjustment"}])
    reverse(both_town, transfers(both_town)[0], admin)
    assert passbook(both_town, who) == (0, 0, 2)
    audited = both_town.write(
        lambda tx: tx.execute(
            select(m.AuditEvent.action, m.AuditEvent.facts, m.AuditEvent.login_id)
        ).one()
    )
    assert audited.action == "transfer_reversed"
    assert audited.facts == {"reason": "登记错人", "line": 1}
    assert audited.login_id == admin


def test_nothing_is_reversed_twice_nor_a_reversal(both_town: Town, admin: int) -> None:
    served(both_town)
    first, second = transfers(both_town, "award")
    reverse(both_town, second, admin)
    assert refusal(both_town, first, admin) is Code.ALREADY_REVERSED
    assert refusal(both_town, second, admin) is Code.ALREADY_REVERSED
    for transfer_id in transfers(both_town, "reversal"):
        assert refusal(both_town, transfer_id, admin) is Code.REVERSAL_OF_REVERSAL


def test_debts_and_redemptions_are_not_reversed_here(both_town: Town, admin: int) -> None:
    who = both_town.resident()
    post_lines(both_town, who, [{"points": 8, "code": "opening_balance"}])
    post_lines(both_town, who, [{"points": -8, "code": "redemption"}])
    reverse(both_town, transfers(both_town, "opening_balance")[0], admin)
    for code in ("redemption", "debt"):
        assert refusal(both_town, transfers(both_town, code)[0], admin) is Code.LINE_NOT_REVERSIBLE


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("", Code.REASON_MISSING),
        (" \u3000\n", Code.REASON_MISSING),
        ("长" * 121, Code.TEXT_TOO_LONG),
    ],
)
def test_a_reason_is_needed(both_town: Town, admin: int, reason: str, code: Code) -> None:
    who = both_town.resident()
    award_lines(both_town, who, 1)
    assert refusal(both_town, transfers(both_town)[0], admin, reason=reason) is code


@pytest.mark.parametrize("relation", ["self", "guardian", "ward"])
def test_nobody_reverses_their_own_line_or_their_family_s(both_town: Town, relation: str) -> None:
    who, staff = both_town.resident(), both_town.resident("林强")
    acts_for = {"self": {who: "self"}, "guardian": {staff: "self", who: "guardian"}}
    by = both_town.login(acts_for=acts_for.get(relation, {staff: "self"}), roles=("organizer",))
    if relation == "ward":
        both_town.login(acts_for={who: "self", staff: "guardian"})
    award_lines(both_town, who, 1)
    assert refusal(both_town, transfers(both_town)[0], by) is Code.OWN_RECORD


def test_a_helper_s_neighbour_and_a_colleague_are_no_family(both_town: Town) -> None:
    who = both_town.resident()
    by = both_town.login(acts_for={who: "helper"}, roles=("community_admin",))
    post_lines(both_town, who, [{"points": 8, "code": "adjustment"}])
    reverse(both_town, transfers(both_town)[0], by)
    assert passbook(both_town, who) == (0, 0, 2)


def test_another_community_s_line_is_not_found(both_town: Town, admin: int) -> None:
    who = both_town.resident()
    award_lines(both_town, who, 1)
    elsewhere = Scope.of(both_town.community("景华社区"))
    [transfer_id] = transfers(both_town)
    assert refusal(both_town, transfer_id, admin, scope=elsewhere) is Code.NOT_FOUND
    assert refusal(both_town, 999_999, admin) is Code.NOT_FOUND
