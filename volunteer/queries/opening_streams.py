"""What was brought forward, as a stream for the proof of the ledger; see ``ledger_streams``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from volunteer.domain.access import Scope
from volunteer.domain.verification_openings import Opening, Said
from volunteer.store import models as m
from volunteer.store.models.base import table_of

ACCOUNT, TRANSFER = table_of(m.Account), table_of(m.Transfer)
OPENING = table_of(m.OpeningBalance)
_REVERSAL = TRANSFER.alias("reversal")


def openings(connection: Connection, scope: Scope) -> Iterator[Opening]:
    """Every line of this kind with its proposal, then the proposals whose line is gone."""
    lines = (
        select(
            TRANSFER.c.id,
            ACCOUNT.c.resident_id,
            TRANSFER.c.amount_points,
            TRANSFER.c.amount_minutes,
            TRANSFER.c.recorded_by_login_id,
            TRANSFER.c.approved_by_login_id,
            _REVERSAL.c.id.label("reversal_id"),
            *_PROPOSAL,
        )
        .outerjoin(ACCOUNT, ACCOUNT.c.id == TRANSFER.c.credit_account_id)
        .outerjoin(OPENING, OPENING.c.transfer_id == TRANSFER.c.id)
        .outerjoin(_REVERSAL, _REVERSAL.c.reverses_id == TRANSFER.c.id)
        .where(TRANSFER.c.code == "opening_balance", _within(scope, TRANSFER.c.community_id))
    )
    for row in connection.execute(lines.order_by(TRANSFER.c.id)):
        said = Said(
            row.resident_id,
            row.amount_points,
            row.amount_minutes,
            row.recorded_by_login_id,
            row.approved_by_login_id,
            row.reversal_id is not None,
        )
        yield Opening(row.id, row.opening_id, said, _proposed(row))
    gone = (
        select(*_PROPOSAL)
        .outerjoin(
            TRANSFER,
            (TRANSFER.c.id == OPENING.c.transfer_id) & (TRANSFER.c.code == "opening_balance"),
        )
        .where(
            OPENING.c.state.in_(("posted", "reversed")),
            TRANSFER.c.id.is_(None),
            _within(scope, OPENING.c.community_id),
        )
    )
    for left in connection.execute(gone.order_by(OPENING.c.id)):
        yield Opening(None, left.opening_id, None, _proposed(left))


def brought_forward_twice(connection: Connection, scope: Scope) -> Iterator[tuple[int, int]]:
    """Passbooks by account into which more than one old book stands, and how many."""
    times = func.count()
    wanted = (
        select(TRANSFER.c.credit_account_id, times)
        .outerjoin(_REVERSAL, _REVERSAL.c.reverses_id == TRANSFER.c.id)
        .where(
            TRANSFER.c.code == "opening_balance",
            _REVERSAL.c.id.is_(None),
            _within(scope, TRANSFER.c.community_id),
        )
        .group_by(TRANSFER.c.credit_account_id)
        .having(times > 1)
    )
    yield from (tuple(row) for row in connection.execute(wanted))


_PROPOSAL = (
    OPENING.c.id.label("opening_id"),
    OPENING.c.resident_id.label("proposed_for"),
    OPENING.c.points,
    OPENING.c.minutes,
    OPENING.c.proposed_by_login_id,
    OPENING.c.decided_by_login_id,
    OPENING.c.state,
)


def _proposed(row: Any) -> Said | None:
    if row.opening_id is None:
        return None
    return Said(
        row.proposed_for,
        row.points,
        row.minutes,
        row.proposed_by_login_id,
        row.decided_by_login_id,
        row.state == "reversed",
    )


def _within(scope: Scope, community: ColumnElement[Any]) -> ColumnElement[bool]:
    if scope.community_ids is None:
        return community.is_not(None)
    return community.in_(scope.community_ids)
