"""Whose passbooks somebody may read as their own: at home, as a guest, and from before a move."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import CompoundSelect, select, union_all
from sqlalchemy.orm import aliased

from volunteer.domain.access import Scope
from volunteer.store.models import CommunityMove, Resident

_guest = aliased(Resident)
_out, _arrived = aliased(CommunityMove), aliased(CommunityMove)

_AT_HOME = select(Resident.id)
_AS_GUEST = (
    select(_guest.id)
    .join(Resident, Resident.id == _guest.home_resident_id)
    .where(_guest.home_community_id == Resident.community_id)
)
_LEFT_BEHIND = (
    select(_out.resident_id)
    .join(_arrived, _arrived.move_key == _out.move_key)
    .where(_arrived.side == "in", _arrived.state == "done", _out.side == "out")
)


def own_resident_ids(scope: Scope, resident_ids: Collection[int]) -> CompoundSelect[Any]:
    """The ids of these residents, of who they are as guests in any community, and of who they were
    before they moved here. ``scope`` holds for where they are at home.

    Three reads in one: with OR between them the database reads every passbook there is.
    """
    at_home = _AT_HOME.where(Resident.id.in_(resident_ids))
    as_guest = _AS_GUEST.where(Resident.id.in_(resident_ids))
    if scope.community_ids is not None:
        at_home = at_home.where(Resident.community_id.in_(scope.community_ids))
        as_guest = as_guest.where(Resident.community_id.in_(scope.community_ids))
    left_behind = _LEFT_BEHIND.where(_arrived.resident_id.in_(resident_ids))
    return union_all(at_home, as_guest, left_behind)


def went_on_as() -> Any:
    """Of a statement's resident who moved on: who they are where they went."""
    out, arrived = aliased(CommunityMove), aliased(CommunityMove)
    return (
        select(arrived.resident_id)
        .join(out, out.move_key == arrived.move_key)
        .where(
            out.resident_id == Resident.id,
            out.side == "out",
            arrived.side == "in",
            arrived.state == "done",
        )
        .order_by(out.id.desc())
        .limit(1)
        .correlate(Resident)
        .scalar_subquery()
    )
