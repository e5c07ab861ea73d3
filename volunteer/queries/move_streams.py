"""What moves between communities must add up to, for proving the books (L8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection, case, func, select

from volunteer.domain.access import Scope
from volunteer.store import models as m
from volunteer.store.models.base import table_of

_ACCOUNT, _TRANSFER, _MOVE = table_of(m.Account), table_of(m.Transfer), table_of(m.CommunityMove)
_THERE = _MOVE.alias("there")


def clearing_sums(connection: Connection, scope: Scope) -> Iterator[tuple[int, int, int]]:
    """(community, what its clearing account holds, what the sides of its moves say it must)."""
    into = case((_TRANSFER.c.credit_account_id == _ACCOUNT.c.id, 1), else_=-1)
    held = (
        select(_ACCOUNT.c.community_id, func.sum(into * _TRANSFER.c.amount_points))
        .join(
            _TRANSFER,
            (_TRANSFER.c.community_id == _ACCOUNT.c.community_id)
            & (
                (_TRANSFER.c.credit_account_id == _ACCOUNT.c.id)
                | (_TRANSFER.c.debit_account_id == _ACCOUNT.c.id)
            ),
        )
        .where(_ACCOUNT.c.kind == "clearing", _TRANSFER.c.code == "move")
        .group_by(_ACCOUNT.c.community_id)
    )
    net = _MOVE.c.moved_points - _MOVE.c.moved_owed_points
    said = (
        select(_MOVE.c.community_id, func.sum(case((_MOVE.c.side == "out", net), else_=-net)))
        .where(_MOVE.c.state.in_(("left", "done")))
        .group_by(_MOVE.c.community_id)
    )
    sums: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for place, statement in enumerate((held, said)):
        for community_id, amount in connection.execute(statement):
            sums[community_id][place] = int(amount or 0)
    for community_id, (written, expected) in sorted(sums.items()):
        if scope.sees(community_id):
            yield community_id, written, expected


def halves_apart(connection: Connection, scope: Scope) -> Iterator[tuple[str, int, int]]:
    """(key, points that left, points that arrived) of moves whose two sides differ."""
    differing = (
        select(_MOVE.c.move_key, _MOVE.c.moved_points, _THERE.c.moved_points, _MOVE.c.community_id)
        .join(_THERE, (_THERE.c.move_key == _MOVE.c.move_key) & (_THERE.c.side == "in"))
        .where(
            _MOVE.c.side == "out",
            _THERE.c.state == "done",
            (_THERE.c.moved_points != _MOVE.c.moved_points)
            | (_THERE.c.moved_owed_points != _MOVE.c.moved_owed_points),
        )
    )
    for key, left, arrived, community_id in connection.execute(differing):
        if scope.sees(community_id):
            yield str(key), left, arrived
