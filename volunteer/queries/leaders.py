"""Finding residents to lead an event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.domain.people_search import parse_people_search
from volunteer.queries.named import named_so
from volunteer.store.database import db
from volunteer.store.models import Building, Residence, Resident

MOST_FOUND = 12
_LEADS = ("active", "provisional")


@dataclass(frozen=True)
class Candidate:
    """A resident who could lead; the building tells two of one name apart."""

    resident_id: int
    ref: str
    name: str
    name_en: str | None
    building: str | None
    building_en: str | None


def read_candidates(scope: Scope, community_id: int, q: str) -> list[Candidate]:
    """Residents by name, pinyin, initials or passbook number; nobody for an empty search."""
    search = parse_people_search(q)
    return _read(scope, community_id, named_so(search), MOST_FOUND) if search else []


def read_chosen(scope: Scope, community_id: int, refs: Iterable[str]) -> list[Candidate]:
    """The residents that a form names, by ref; those it may not name are left out."""
    wanted = list(refs)
    return _read(scope, community_id, Resident.ref.in_(wanted), len(wanted)) if wanted else []


def _read(scope: Scope, community_id: int, condition: object, most: int) -> list[Candidate]:
    if not scope.sees(community_id):
        return []
    building = (
        select(Residence.building_id)
        .where(
            Residence.community_id == Resident.community_id,
            Residence.resident_id == Resident.id,
            Residence.kind == "lives",
            Residence.ends_on.is_(None),
        )
        .order_by(Residence.id.desc())
        .limit(1)
        .correlate(Resident)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            Resident.id,
            Resident.ref,
            Resident.name,
            Resident.name_en,
            Building.name,
            Building.name_en,
        )
        .outerjoin(Building, Building.id == building)
        .where(
            Resident.community_id == community_id,
            Resident.state.in_(_LEADS),
            condition,  # type: ignore[arg-type]
        )
        .order_by(Resident.pinyin, Resident.id)
        .limit(most)
    )
    return [Candidate(*row) for row in rows]
