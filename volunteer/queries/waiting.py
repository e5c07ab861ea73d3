"""What waits for a member of staff, in one statement: every staff page shows it in its bar."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute

from volunteer.domain.access import Permission, Principal
from volunteer.store.database import db
from volunteer.store.models import (
    Bequest,
    Community,
    CommunityMove,
    FamilyRequest,
    OpeningBalance,
    Resident,
)


@dataclass(frozen=True)
class Waiting:
    """``to_confirm``: people who came without a passbook; ``to_approve``: old passbooks that
    somebody else wrote down; ``family_requests``: would-be guardians and helpers; ``arrivals``:
    people who want to come from another community; ``bequests``: points of somebody who died that
    somebody else proposed to pass on; ``first_day``: communities that are still being set up."""

    to_confirm: int = 0
    to_approve: int = 0
    family_requests: int = 0
    arrivals: int = 0
    bequests: int = 0
    first_day: int = 0


def read_waiting(person: Principal) -> Waiting:
    """What this person may decide, in all their communities."""
    edit = person.communities_with(Permission.EDIT_PEOPLE)
    approve = person.communities_with(Permission.APPROVE_RECORDS)
    settle = person.communities_with(Permission.EDIT_SETTINGS)
    if not edit and not approve and not settle:
        return Waiting()
    # In words, not as parameters, or SQLite overlooks the indexes of those that wait.
    to_confirm = select(func.count()).where(
        _among(Resident.community_id, edit), Resident.state == literal_column("'provisional'")
    )
    to_approve = select(func.count()).where(
        _among(OpeningBalance.community_id, approve),
        OpeningBalance.state == literal_column("'proposed'"),
        OpeningBalance.proposed_by_login_id != person.login_id,
    )
    requests = select(func.count()).where(
        _among(FamilyRequest.community_id, edit),
        FamilyRequest.state == literal_column("'waiting'"),
    )
    arrivals = select(func.count()).where(
        CommunityMove.state == "waiting",
        CommunityMove.side == "in",
        _among(CommunityMove.community_id, edit),
    )
    bequests = select(func.count()).where(
        Bequest.state == "waiting",
        _among(Bequest.community_id, approve),
        Bequest.proposed_by_login_id != person.login_id,
    )
    first_day = select(func.count()).where(
        _among(Community.id, settle), Community.first_day_ended_at.is_(None)
    )
    waiting = (to_confirm, to_approve, requests, arrivals, bequests, first_day)
    counted = (one.scalar_subquery() for one in waiting)
    return Waiting(*(int(number) for number in db.session.execute(select(*counted)).one()))


def _among(column: InstrumentedAttribute[int], ids: Collection[int]) -> ColumnElement[bool]:
    return column.in_(sorted(ids)) if ids else false()
