"""What the frame of every page needs to know of the communities."""

from __future__ import annotations

from sqlalchemy import exists, select

from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, refuse
from volunteer.store.database import db
from volunteer.store.models import Community, SubDistrict


def read_is_demo() -> bool:
    """Whether any community here is made up. Needs no scope: the banner is for everybody."""
    return bool(db.session.scalar(select(exists().where(Community.is_demo))))


def read_zone(scope: Scope, community_id: int) -> str:
    """The name of a community's time zone. Refuses ``not_found``."""
    zone = db.session.scalar(select(Community.time_zone).where(Community.id == community_id))
    if zone is None or not scope.sees(community_id):
        raise refuse(Code.NOT_FOUND)
    return zone


def read_community_ids(scope: Scope) -> dict[str, int]:
    """Every community by name, for the command line. Of two with one name the older."""
    rows = db.session.execute(select(Community.name, Community.id).order_by(Community.id.desc()))
    return {row.name: row.id for row in rows if scope.sees(row.id)}


def read_sub_districts(scope: Scope) -> dict[str, int]:
    """Every sub-district with a community in scope, by name, for the command line."""
    rows = db.session.execute(
        select(SubDistrict.name, SubDistrict.id, Community.id.label("community_id")).join(
            Community, Community.sub_district_id == SubDistrict.id
        )
    )
    return {row.name: row.id for row in rows if scope.sees(row.community_id)}
