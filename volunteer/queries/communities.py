"""What the frame of every page needs to know of the communities."""

from __future__ import annotations

from sqlalchemy import exists, select

from volunteer.store.database import db
from volunteer.store.models import Community


def read_is_demo() -> bool:
    """Whether any community here is made up. Needs no scope: the banner is for everybody."""
    return bool(db.session.scalar(select(exists().where(Community.is_demo))))
