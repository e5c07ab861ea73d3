"""A passbook's cover, its lines, and one line explained.

Lines are numbered without a gap, so every page is a range of the index (account, entry_no): how
long the passbook is does not matter. A year is found by halving that range, because lines are
posted in the order of their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Integer,
    Row,
    Select,
    bindparam,
    case,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from volunteer.domain.access import Scope
from volunteer.queries.own_passbooks import own_resident_ids, went_on_as
from volunteer.store.bulk import among_found
from volunteer.store.database import db
from volunteer.store.models import (
    Account,
    Activity,
    Attendance,
    Community,
    Entry,
    Event,
    Resident,
    Transfer,
)
from volunteer.store.models.base import BigId

LINES_A_PAGE = 20
LOOK_BACK_LINES = 2000
"""How many lines a page of one kind looks through: whoever seeks further asks for the next page."""

KINDS: dict[str, tuple[str, ...]] = {
    "award": ("award", "opening_balance"),
    "redeemed": ("redemption",),
    "correction": ("reversal", "adjustment", "debt", "debt_recovery"),
}
"""What the filter of a passbook calls which transfer codes."""


@dataclass(frozen=True)
class PassbookCover:
    """A passbook from outside: whose, and how it stands.

    The posting times of its first and last line are None when it is empty.
    """

    account_id: int
    resident_id: int
    community_id: int
    community_name: str
    community_name_en: str | None
    time_zone: str
    ref: str
    name: str
    name_en: str | None
    passbook_number: str
    state: str
    home_resident_id: int | None
    balance_points: int
    held_points: int
    owed_points: int
    total_minutes: int
    last_entry_no: int
    head_hash: bytes
    first_posted_at: datetime | None
    last_posted_at: datetime | None
    went_on_as_id: int | None = None
    """Of a passbook left behind: who its person is in the community they moved to."""

    @property
    def owner_id(self) -> int:
        """Who the book belongs to at home and now, whichever book it is."""
        return self.went_on_as_id or self.home_resident_id or self.resident_id

    @property
    def is_guest(self) -> bool:
        """Whether it is a visitor's, opened by the community that was helped."""
        return self.home_resident_id is not None

    @property
    def is_past(self) -> bool:
        """Whether its person went on in another community's passbook."""
        return self.state == "moved_on"

    @property
    def years(self) -> tuple[int, ...]:
        """The years from the first line to the last, newest first."""
        if self.first_posted_at is None or self.last_posted_at is None:
            return ()
        zone = ZoneInfo(self.time_zone)
        first, last = self.first_posted_at, self.last_posted_at
        return tuple(range(last.astimezone(zone).year, first.astimezone(zone).year - 1, -1))


@dataclass(frozen=True)
class Line:
    """One printed line. Amounts are signed; ``part`` is an award's: check_in or check_out."""

    entry_no: int
    transfer_id: int
    code: str
    part: str | None
    amount_points: int
    amount_minutes: int
    balance_after_points: int
    total_after_minutes: int
    occurred_at: datetime
    posted_at: datetime
    reason: str | None
    activity_name: str | None
    activity_name_en: str | None
    provenance: str | None
    ended_how: str | None
    is_reversed: bool
    community: str | None = None
    community_en: str | None = None
    """Of points that moved: the other community."""


@dataclass(frozen=True)
class Wanted:
    """Which lines: of a local year, of a kind, and before or after a line's number."""

    year: int | None = None
    kind: str | None = None
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True)
class LinesPage:
    """A page of lines, newest first; the numbers to go on from, None where there are no more.

    ``looked_through`` is True when the look-back ended before the page was full.
    """

    lines: tuple[Line, ...]
    older_before: int | None
    newer_after: int | None
    looked_through: bool = False


def read_covers(scope: Scope, resident_ids: Iterable[int]) -> dict[int, PassbookCover]:
    """The covers of these residents' passbooks, by resident."""
    statement = _cover_statement(scope).where(Account.resident_id.in_(set(resident_ids)))
    return {row.resident_id: _cover(row) for row in db.session.execute(statement)}


def read_passbooks_of(scope: Scope, resident_ids: Iterable[int]) -> list[PassbookCover]:
    """The covers of these residents' passbooks, of their guest passbooks in any community, and of
    those they left behind when they moved here.

    ``scope`` holds for where they are at home; the others are theirs wherever they are.
    """
    whose = own_resident_ids(scope, set(resident_ids))
    statement = _cover_statement(Scope.everything()).where(among_found(Account.resident_id, whose))
    return [_cover(row) for row in db.session.execute(statement.order_by(Account.id))]


def read_cover_by_ref(scope: Scope, ref: str) -> PassbookCover | None:
    """The cover of the passbook with that ref, in the communities of ``scope``."""
    row = db.session.execute(_cover_statement(scope).where(Resident.ref == ref)).first()
    return _cover(row) if row else None


def read_lines(
    scope: Scope, cover: PassbookCover, wanted: Wanted, limit: int = LINES_A_PAGE
) -> LinesPage:
    """One page of a passbook's lines."""
    if not scope.sees(cover.community_id):
        return LinesPage((), None, None)
    low, high = 1, cover.last_entry_no
    if wanted.year is not None:
        low, high = _range_of_year(cover, wanted.year)
    if low > high:
        return LinesPage((), None, None)
    codes = KINDS[wanted.kind] if wanted.kind else None
    if wanted.after is not None:
        return _newer_page(cover, max(low, wanted.after + 1), high, codes, limit)
    top = min(high, wanted.before - 1) if wanted.before is not None else high
    return _older_page(cover, low, top, codes, limit, newest=high)


def _cover_statement(scope: Scope) -> Any:
    statement = (
        select(
            Account.id.label("account_id"),
            Account.resident_id,
            Account.community_id,
            Community.name.label("community_name"),
            Community.name_en.label("community_name_en"),
            Community.time_zone,
            Resident.ref,
            Resident.name,
            Resident.name_en,
            Resident.passbook_number,
            Resident.state,
            Resident.home_resident_id,
            Account.balance_points,
            Account.held_points,
            Account.owed_points,
            Account.total_minutes,
            Account.last_entry_no,
            Account.head_hash,
            _posted_at_of(literal(1)).label("first_posted_at"),
            _posted_at_of(Account.last_entry_no).label("last_posted_at"),
            case((Resident.state == "moved_on", went_on_as())).label("went_on_as_id"),
        )
        .join(Resident, Resident.id == Account.resident_id)
        .join(Community, Community.id == Account.community_id)
    )
    if scope.community_ids is not None:
        statement = statement.where(Account.community_id.in_(scope.community_ids))
    return statement


def _posted_at_of(entry_no: Any) -> Any:
    return (
        select(Transfer.posted_at)
        .join(Entry, Entry.transfer_id == Transfer.id)
        .where(Entry.account_id == Account.id, Entry.entry_no == entry_no)
        .correlate(Account)
        .scalar_subquery()
    )


def _cover(row: Row[Any]) -> PassbookCover:
    return PassbookCover(**row._mapping)


def _range_of_year(cover: PassbookCover, year: int) -> tuple[int, int]:
    """The numbers of the first and the last line posted in that local year; low > high: none."""
    zone = ZoneInfo(cover.time_zone)
    starts_at, ends_at = datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)
    first = db.session.execute(_halving(cover, starts_at, ends_at)).all()
    low, beyond = (row.first_no for row in first)
    return low, beyond - 1


def _halving(cover: PassbookCover, *boundaries: datetime) -> Select[Any]:
    """For each boundary, the number of the first line posted at or after it, in one statement."""
    both = union_all(
        *(
            select(
                literal(position, Integer).label("position"),
                literal(1, BigId).label("low"),
                literal(cover.last_entry_no + 1, BigId).label("high"),
                literal(boundary, Transfer.posted_at.type).label("boundary"),
            )
            for position, boundary in enumerate(boundaries)
        )
    ).subquery()
    seeds = select(both).cte("halving", recursive=True)
    middle = (seeds.c.low + seeds.c.high) // 2
    is_before = Transfer.posted_at < seeds.c.boundary
    halved = seeds.union_all(
        select(
            seeds.c.position,
            case((is_before, middle + 1), else_=seeds.c.low),
            case((is_before, seeds.c.high), else_=middle),
            seeds.c.boundary,
        )
        .join(Entry, (Entry.account_id == cover.account_id) & (Entry.entry_no == middle))
        .join(Transfer, Transfer.id == Entry.transfer_id)
        .where(seeds.c.low < seeds.c.high)
    )
    return (
        select(halved.c.low.label("first_no"))
        .where(halved.c.low == halved.c.high)
        .order_by(halved.c.position)
    )


def _older_page(
    cover: PassbookCover,
    low: int,
    top: int,
    codes: tuple[str, ...] | None,
    limit: int,
    *,
    newest: int,
) -> LinesPage:
    floor = max(low, top - LOOK_BACK_LINES + 1) if codes else low
    found = _lines(cover, floor, top, codes, limit + 1)
    lines = found[:limit]
    more = len(found) > limit
    older_before = lines[-1].entry_no if more else (floor if floor > low else None)
    return LinesPage(
        lines=tuple(lines),
        older_before=older_before,
        newer_after=top if top < newest else None,
        looked_through=not more and floor > low,
    )


def _newer_page(
    cover: PassbookCover, bottom: int, high: int, codes: tuple[str, ...] | None, limit: int
) -> LinesPage:
    ceiling = min(high, bottom + LOOK_BACK_LINES - 1) if codes else high
    found = _lines(cover, bottom, ceiling, codes, limit + 1, ascending=True)
    lines = found[:limit][::-1]
    more = len(found) > limit
    newer_after = lines[0].entry_no if more else (ceiling if ceiling < high else None)
    return LinesPage(
        lines=tuple(lines),
        older_before=bottom,
        newer_after=newer_after,
        looked_through=not more and ceiling < high,
    )


_REVERSING = aliased(Transfer)
_LINES = (
    select(
        Entry.entry_no,
        Entry.transfer_id,
        Transfer.code,
        Transfer.facts,
        Entry.amount_points,
        Entry.amount_minutes,
        Entry.balance_after_points,
        Entry.total_after_minutes,
        Transfer.occurred_at,
        Transfer.posted_at,
        Transfer.reason,
        Activity.name.label("activity_name"),
        Activity.name_en.label("activity_name_en"),
        _REVERSING.id.is_not(None).label("is_reversed"),
    )
    .join(Transfer, Transfer.id == Entry.transfer_id)
    .outerjoin(Attendance, Attendance.id == Transfer.attendance_id)
    .outerjoin(Event, Event.id == Attendance.event_id)
    .outerjoin(Activity, Activity.id == Event.activity_id)
    .outerjoin(_REVERSING, _REVERSING.reverses_id == Transfer.id)
    .where(
        Entry.account_id == bindparam("account_id"),
        Entry.entry_no.between(bindparam("low"), bindparam("high")),
    )
    .limit(bindparam("most", type_=Integer))
)
# Built once: building it took a tenth of the passbook's page.
_UPWARDS, _DOWNWARDS = _LINES.order_by(Entry.entry_no), _LINES.order_by(Entry.entry_no.desc())


def _lines(
    cover: PassbookCover,
    low: int,
    high: int,
    codes: tuple[str, ...] | None,
    limit: int,
    *,
    ascending: bool = False,
) -> list[Line]:
    statement = _UPWARDS if ascending else _DOWNWARDS
    if codes:
        statement = statement.where(Transfer.code.in_(codes))
    page = {"account_id": cover.account_id, "low": low, "high": high, "most": limit}
    return [_line(row) for row in db.session.execute(statement, page)]


def _line(row: Row[Any]) -> Line:
    values = dict(row._mapping)
    # What was true when the line was posted: a later scan may have changed the attendance.
    facts = values.pop("facts")
    return Line(
        part=facts.get("part"),
        provenance=facts.get("provenance"),
        ended_how=facts.get("ended_how"),
        community=facts.get("community"),
        community_en=facts.get("community_en"),
        **values,
    )
