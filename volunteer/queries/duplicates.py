"""Who may be written down twice: the whole community's pairs, and those like one person.

What two rows must share at least (a sound, a phone, a number elsewhere) is looked for along
indexes; the domain then says whether that is a likeness. So a list over three thousand residents
reads a few hundred of them, in as many statements as one over three.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, union
from sqlalchemy.orm import aliased

from volunteer.domain.access import Scope
from volunteer.domain.duplicates import Described, Likeness, Reason, find_alike, find_likenesses
from volunteer.domain.names import pinyin_of
from volunteer.queries.described import (
    LIVE_STATES,
    People,
    Side,
    read_people_described,
    read_sides,
)
from volunteer.queries.paging import Paged, page_within
from volunteer.store.database import db
from volunteer.store.models import (
    ContactPhone,
    DifferentPeople,
    ExternalNumber,
    Login,
    LoginResident,
    Resident,
)

PAIRS_A_PAGE = 10
MOST_ALIKE = 8
"""More people than this like one person are too many to compare; the likeliest are shown."""


@dataclass(frozen=True)
class Pair:
    """Two residents side by side, whoever was written down first on the left."""

    first: Side
    second: Side
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Alike:
    """Somebody who may be the person in question, and why."""

    side: Side
    reasons: tuple[Reason, ...]


def read_duplicates(scope: Scope, community_id: int, page: int, *, today: date) -> Paged[Pair]:
    """One page of the pairs that nobody has told apart, the likeliest first."""
    if not scope.sees(community_id):
        return Paged((), 1, 0, PAIRS_A_PAGE)
    ids = db.session.scalars(_sharing_something(community_id)).all()
    people = read_people_described(community_id, ids, today)
    told_apart = _told_apart(community_id) if ids else set()
    found = find_likenesses(people.described(), told_apart, today)
    page = page_within(page, len(found), PAIRS_A_PAGE)
    shown = found[(page - 1) * PAIRS_A_PAGE : page * PAIRS_A_PAGE]
    sides = read_sides(community_id, people, [one for pair in shown for one in pair.pair], today)
    pairs = (_pair(likeness, sides) for likeness in shown)
    return Paged(tuple(pairs), page, len(found), PAIRS_A_PAGE)


def read_alike(
    scope: Scope, community_id: int, wanted: Described, *, today: date
) -> tuple[Alike, ...]:
    """Who here may be ``wanted``, who is not written down yet; the likeliest first."""
    if not scope.sees(community_id):
        return ()
    ids = db.session.scalars(_like(community_id, wanted)).all()
    people = read_people_described(community_id, ids, today)
    return _alike(community_id, wanted, people, set(), today)[1]


@dataclass(frozen=True)
class Correction:
    """What will be written about somebody once a form is saved."""

    name: str
    birth_date: date | None
    age_band: str | None


def read_alike_to(
    scope: Scope,
    community_id: int,
    resident_id: int,
    correction: Correction | None = None,
    *,
    today: date,
) -> tuple[Side, tuple[Alike, ...]] | None:
    """Somebody who is written down, and who may be the same person, the likeliest first; with
    ``correction`` as if that were written down. None when not in scope."""
    if not scope.sees(community_id):
        return None
    sounds = pinyin_of(correction.name) if correction else None
    ids = db.session.scalars(_like_resident(community_id, resident_id, sounds)).all()
    people = read_people_described(community_id, [*ids, resident_id], today)
    wanted = next((one for one in people.described() if one.resident_id == resident_id), None)
    if wanted is None:
        return None
    if correction:
        wanted = replace(wanted, **vars(correction))
    told_apart = _told_apart(community_id, resident_id)
    sides, alike = _alike(community_id, wanted, people, told_apart, today)
    return sides[resident_id], alike


def _alike(
    community_id: int,
    wanted: Described,
    people: People,
    told_apart: set[tuple[int, int]],
    today: date,
) -> tuple[dict[int, Side], tuple[Alike, ...]]:
    found = find_alike(wanted, people.described(), told_apart, today)[:MOST_ALIKE]
    others = [_other(likeness, wanted.resident_id) for likeness in found]
    sides = read_sides(community_id, people, [*others, wanted.resident_id], today)
    alike = (
        Alike(sides[other], likeness.reasons) for other, likeness in zip(others, found, strict=True)
    )
    return sides, tuple(alike)


def read_two(
    scope: Scope, community_id: int, resident_ids: Collection[int], *, today: date
) -> dict[int, Side]:
    """Two residents to be laid side by side, by id."""
    if not scope.sees(community_id):
        return {}
    people = read_people_described(community_id, list(resident_ids), today)
    return read_sides(community_id, people, list(resident_ids), today)


def _pair(likeness: Likeness, sides: dict[int, Side]) -> Pair:
    one, other = sides[likeness.low_id], sides[likeness.high_id]
    first, second = sorted((one, other), key=lambda side: (side.created_at, side.resident_id))
    return Pair(first, second, likeness.reasons)


def _other(likeness: Likeness, resident_id: int) -> int:
    return likeness.high_id if likeness.low_id == resident_id else likeness.low_id


def _told_apart(community_id: int, resident_id: int | None = None) -> set[tuple[int, int]]:
    wanted = select(DifferentPeople.low_id, DifferentPeople.high_id).where(
        DifferentPeople.community_id == community_id
    )
    if resident_id is not None:
        wanted = wanted.where(
            or_(DifferentPeople.low_id == resident_id, DifferentPeople.high_id == resident_id)
        )
    return {(row.low_id, row.high_id) for row in db.session.execute(wanted)}


def _live(community_id: int) -> Any:
    return and_(
        Resident.community_id == community_id,
        Resident.state.in_(LIVE_STATES),
        Resident.home_resident_id.is_(None),
    )


def _sharing_something(community_id: int) -> Any:
    """Ids of those who sound like somebody, or share a phone or a number elsewhere with one."""
    sounding = (
        select(Resident.pinyin)
        .where(_live(community_id), Resident.pinyin != "")
        .group_by(Resident.pinyin)
        .having(func.count() > 1)
    )
    other_noted, other_number = aliased(ContactPhone), aliased(ExternalNumber)
    sharing = union(
        select(Resident.id).where(_live(community_id), Resident.pinyin.in_(sounding)),
        select(ContactPhone.resident_id)
        .join(
            other_noted,
            and_(
                other_noted.community_id == ContactPhone.community_id,
                other_noted.phone == ContactPhone.phone,
                other_noted.resident_id != ContactPhone.resident_id,
            ),
        )
        .where(ContactPhone.community_id == community_id),
        *(_noted_and_signing_in(community_id, whose) for whose in (ContactPhone, LoginResident)),
        select(ExternalNumber.resident_id)
        .join(
            other_number,
            and_(
                other_number.community_id == ExternalNumber.community_id,
                other_number.number == ExternalNumber.number,
                other_number.system == ExternalNumber.system,
                other_number.resident_id != ExternalNumber.resident_id,
            ),
        )
        .where(ExternalNumber.community_id == community_id),
    ).subquery()
    return _only_live(community_id, sharing)


def _noted_and_signing_in(community_id: int, whose: Any) -> Any:
    """A phone noted for one person with which another one signs in: the ids of ``whose`` side."""
    return (
        select(whose.resident_id)
        .select_from(ContactPhone)
        .join(Login, Login.phone == ContactPhone.phone)
        .join(LoginResident, LoginResident.login_id == Login.id)
        .where(
            ContactPhone.community_id == community_id,
            LoginResident.community_id == community_id,
            LoginResident.revoked_at.is_(None),
            LoginResident.resident_id != ContactPhone.resident_id,
        )
    )


def _like(community_id: int, wanted: Described) -> Any:
    """Ids of those who sound like ``wanted``, or share a phone or number with them."""
    phones = sorted(wanted.phones)
    ways = [
        _sounding(community_id, Resident.pinyin == pinyin_of(wanted.name)),
        *_reached_by(community_id, lambda phone: phone.in_(phones)),
        *(_with_number(community_id, one) for one in sorted(wanted.numbers)),
    ]
    return _only_live(community_id, union(*ways).subquery())


def _like_resident(community_id: int, resident_id: int, sounds: str | None) -> Any:
    """Ids of those who sound like somebody written down (or like ``sounds``), or share a phone or
    a number elsewhere with them."""
    own = aliased(Resident)
    sounding = select(own.pinyin).where(own.id == resident_id).scalar_subquery()
    phones: Any = union(
        select(ContactPhone.phone).where(
            ContactPhone.community_id == community_id, ContactPhone.resident_id == resident_id
        ),
        select(Login.phone)
        .join(LoginResident, LoginResident.login_id == Login.id)
        .where(LoginResident.resident_id == resident_id, LoginResident.revoked_at.is_(None)),
    )
    theirs = aliased(ExternalNumber)
    ways = [
        _sounding(community_id, Resident.pinyin == (sounds if sounds is not None else sounding)),
        *_reached_by(community_id, lambda phone: phone.in_(phones)),
        select(ExternalNumber.resident_id)
        .join(
            theirs,
            and_(theirs.number == ExternalNumber.number, theirs.system == ExternalNumber.system),
        )
        .where(
            ExternalNumber.community_id == community_id,
            theirs.community_id == community_id,
            theirs.resident_id == resident_id,
        ),
    ]
    return _only_live(community_id, union(*ways).subquery())


def _sounding(community_id: int, alike: ColumnElement[bool]) -> Any:
    return select(Resident.id).where(Resident.community_id == community_id, alike)


def _reached_by(community_id: int, wanted: Callable[[Any], ColumnElement[bool]]) -> list[Any]:
    return [
        select(ContactPhone.resident_id).where(
            ContactPhone.community_id == community_id, wanted(ContactPhone.phone)
        ),
        select(LoginResident.resident_id)
        .join(Login, Login.id == LoginResident.login_id)
        .where(
            LoginResident.community_id == community_id,
            LoginResident.revoked_at.is_(None),
            wanted(Login.phone),
        ),
    ]


def _with_number(community_id: int, number: tuple[str, str]) -> Any:
    return select(ExternalNumber.resident_id).where(
        ExternalNumber.community_id == community_id,
        ExternalNumber.system == number[0],
        ExternalNumber.number == number[1],
    )


def _only_live(community_id: int, found: Any) -> Any:
    [column] = found.c
    return select(Resident.id).join(found, column == Resident.id).where(_live(community_id))
