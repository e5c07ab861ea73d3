"""What an organizer says of an event, what may still be changed, and where it stands in time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from hashlib import sha256

from volunteer.domain.names import parse_line
from volunteer.domain.refusals import Code, Refusal, Refused, refuse

LONGEST_HOURS = 24
LONGEST_TITLE = 120
MOST_PLACES = 100_000


class Phase(StrEnum):
    """Where an event stands. ``overdue``: over by the plan, and nobody has ended it."""

    COMING = "coming"
    OPEN = "open"
    RUNNING = "running"
    OVERDUE = "overdue"
    ENDED = "ended"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class LeaderPlan:
    """A resident who leads: as a volunteer, or at work (no minutes, no points)."""

    resident_id: int
    at_work: bool = False


@dataclass(frozen=True)
class EventPlan:
    """One occurrence: where, from when to when (UTC), for how many, led by whom."""

    place: str
    starts_at: datetime
    ends_at: datetime
    leaders: tuple[LeaderPlan, ...]
    place_en: str | None = None
    area_id: int | None = None
    capacity: int | None = None

    def mark(self) -> str:
        """A short mark that changes with any value: two people who edit at once find out."""
        led = sorted((leader.resident_id, leader.at_work) for leader in self.leaders)
        values = (
            self.place,
            self.place_en,
            self.area_id,
            self.capacity,
            self.starts_at.timestamp(),
            self.ends_at.timestamp(),
            led,
        )
        return sha256(repr(values).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Attended:
    """Who has an attendance at the event, and who of them is done (has minutes posted)."""

    resident_ids: frozenset[int] = frozenset()
    complete_ids: frozenset[int] = frozenset()


def phase_of(
    state: str, starts_at: datetime, ends_at: datetime, opens_minutes: int, now: datetime
) -> Phase:
    """``state`` is the row's; check-in opens ``opens_minutes`` before the start."""
    if state != "planned":
        return Phase(state)
    if now >= ends_at:
        return Phase.OVERDUE
    if now >= starts_at:
        return Phase.RUNNING
    return Phase.OPEN if now >= starts_at - timedelta(minutes=opens_minutes) else Phase.COMING


def decide_window(
    day: date, start: time, end: time, zone: tzinfo, *, to_next_day: bool = False
) -> tuple[datetime, datetime]:
    """From the community's calendar and clock to UTC.

    Refuses ``time_skipped`` for a time that the clocks jump over (a time that comes twice is the
    first of the two), and what ``check_window`` refuses.
    """
    starts_at = moment_of(day, start, zone)
    ends_at = moment_of(day + timedelta(days=1) if to_next_day else day, end, zone)
    check_window(starts_at, ends_at)
    return starts_at, ends_at


def check_window(starts_at: datetime, ends_at: datetime) -> None:
    """Refuses ``ends_before_it_starts`` and ``event_too_long``."""
    if ends_at <= starts_at:
        raise refuse(Code.ENDS_BEFORE_IT_STARTS)
    if ends_at - starts_at > timedelta(hours=LONGEST_HOURS):
        raise refuse(Code.EVENT_TOO_LONG, hours=LONGEST_HOURS)


def moment_of(day: date, at: time, zone: tzinfo) -> datetime:
    """That time of the community's clock in UTC. Refuses ``time_skipped``."""
    moment = datetime.combine(day, at, zone).astimezone(UTC)
    # A time inside the gap of a clock change comes back as another one.
    if moment.astimezone(zone).time() != at:
        raise refuse(Code.TIME_SKIPPED)
    return moment


def decide_event(plan: EventPlan) -> EventPlan:
    """The plan with its words cleaned. Refuses ``place_missing``, ``text_too_long``,
    ``capacity_invalid``, ``leader_missing`` and what ``check_window`` refuses."""
    place = _line(plan.place)
    if not place:
        raise refuse(Code.PLACE_MISSING)
    if plan.capacity is not None and not 1 <= plan.capacity <= MOST_PLACES:
        raise refuse(Code.CAPACITY_INVALID)
    if not plan.leaders:
        raise refuse(Code.LEADER_MISSING)
    check_window(plan.starts_at, plan.ends_at)
    leaders = tuple({leader.resident_id: leader for leader in plan.leaders}.values())
    place_en = _line(plan.place_en or "") or None
    return replace(plan, place=place, place_en=place_en, leaders=leaders)


def _line(text: str) -> str:
    line = parse_line(text, LONGEST_TITLE)
    if isinstance(line, Refusal):
        raise Refused(line)
    return line


def decide_change(before: EventPlan, after: EventPlan, state: str, attended: Attended) -> None:
    """Refuses ``event_ended``, ``event_cancelled`` and ``event_has_attendances``.

    What was earned is never worked out anew by an edit: the start stays once somebody is there,
    the end once somebody is done, and whoever is there stays (or stays no) leader.
    """
    still_planned(state)
    start_moved = before.starts_at != after.starts_at
    end_moved = before.ends_at != after.ends_at
    led_before, led_after = _roles(before), _roles(after)
    changed_roles = {
        resident_id
        for resident_id in led_before.keys() | led_after.keys()
        if led_before.get(resident_id) != led_after.get(resident_id)
    }
    if (
        (start_moved and attended.resident_ids)
        or (end_moved and attended.complete_ids)
        or changed_roles & attended.resident_ids
    ):
        raise refuse(Code.EVENT_HAS_ATTENDANCES)


def still_planned(state: str) -> None:
    """Refuses ``event_ended`` and ``event_cancelled``."""
    if state == "ended":
        raise refuse(Code.EVENT_ENDED)
    if state == "cancelled":
        raise refuse(Code.EVENT_CANCELLED)


def decide_reason(reason: str) -> str:
    """Why an event is cancelled, cleaned. Refuses ``reason_missing`` and ``text_too_long``."""
    words = _line(reason)
    if not words:
        raise refuse(Code.REASON_MISSING)
    return words


def decide_cancel(state: str, attended: Attended) -> None:
    """Refuses ``event_cancelled``, ``event_ended`` and ``event_has_attendances``."""
    still_planned(state)
    if attended.resident_ids:
        raise refuse(Code.EVENT_HAS_ATTENDANCES)


def new_leaders(before: EventPlan, after: EventPlan) -> set[int]:
    """Residents who led it not before: a leader who moved away since may stay."""
    return _roles(after).keys() - _roles(before).keys()


def _roles(plan: EventPlan) -> dict[int, bool]:
    return {leader.resident_id: leader.at_work for leader in plan.leaders}
