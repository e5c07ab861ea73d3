"""A scan folded into its attendance: the set it joins, what that makes, what is said of it.

Points are worked out as the rows go by, so a verdict can say what it earned; what is posted in the
end is the difference between the attendances before and after the whole batch.
"""

from __future__ import annotations

from dataclasses import replace

from volunteer.domain.attendance import AcceptedScan, interval_of, service_minutes, undone_ids
from volunteer.domain.points import parts_of, standing_before
from volunteer.domain.refusals import Outcome
from volunteer.domain.scan_case import Case, accepted_scan
from volunteer.domain.scans import PARTS, Attendance, EventFacts, Facts, Person, Verdict


def attendance_at(event: EventFacts, person: Person, facts: Facts) -> Attendance:
    """The attendance as it stands, or a new one with nothing in it yet."""
    key = (event.id, person.resident_id)
    found = facts.attendances.get(key)
    if found is not None:
        return found
    at_work = facts.leaders.get(key)
    return Attendance(
        event_id=event.id,
        resident_id=person.resident_id,
        local_date=event.local_date,
        on_duty=bool(at_work),
        is_leader=at_work is not None,
        provisional=person.state == "provisional",
        building_id=person.building_on(event.local_date),
        youth_group_id=person.youth_group_on(event.local_date, event.youth_group_id),
    )


def fold(row: Case, before: Attendance, facts: Facts) -> Verdict:
    """Add the scan to its attendance's set and see what that changes."""
    event, person = row.event, row.person
    assert event is not None
    assert person is not None
    scan = replace(accepted_scan(row.scan, row.batch), provenance=row.provenance)
    counting = [*facts.counting(event.id, person.resident_id), scan]
    after = recompute(before, counting, event, facts, is_end=row.provenance == "leader_end")
    changed = (after.state, after.checked_in_at) != (before.state, before.checked_in_at)
    earned = (after.points, after.minutes) != (before.points, before.minutes)
    if scan.client_id in undone_ids(counting):  # its undo came first
        keep(row, before, after, facts)
        return verdict_on(row, "accepted", Outcome.UNDONE, before, after, facts)
    if row.scan.direction == "out" and (
        after.checked_in_at is None or row.scan.corrected_at < after.checked_in_at
    ):
        return verdict_on(row, "waiting", Outcome.OUT_BEFORE_IN, before, before, facts)
    if row.override is None and row.provenance == "roll_call" and row.now > event.closes_at:
        row.override = "roll_call_after"
    if row.override and after.override is None:
        after = replace(after, override=row.override, override_by=row.recorder.key)
    keep(row, before, after, facts)
    first_out = before.state != "complete" and after.state == "complete"
    if changed or earned or first_out:
        outcome = Outcome.OK_IN if row.scan.direction == "in" else Outcome.OK_OUT
        return verdict_on(row, "accepted", outcome, before, after, facts)
    outcome = Outcome.ALREADY_IN if row.scan.direction == "in" else Outcome.ALREADY_OUT
    return verdict_on(row, "already", outcome, before, after, facts)


def recompute(
    before: Attendance,
    counting: list[AcceptedScan],
    event: EventFacts,
    facts: Facts,
    *,
    posted: int | None = None,
    is_end: bool = False,
) -> Attendance:
    """The attendance that this set of scans makes, with what it earns.

    Its value is frozen at posting: where the time that counts does not move, it stays, whatever
    was posted or taken back elsewhere since. Where it moves, what is posted already keeps its
    place among the day's points (``standing_before``). ``posted``: where ``before`` does not say
    what is posted, so that there is nothing to keep as it is. ``is_end``: a leader moves the end.
    """
    interval = interval_of(counting)
    window_ends_at = event.ends_at if before.is_leader else event.window_ends_at
    minutes = (
        service_minutes(interval, event.starts_at, window_ends_at)
        if interval.state == "complete"
        else None
    )
    after = replace(
        before,
        state=interval.state,
        checked_in_at=interval.checked_in_at,
        checked_out_at=interval.checked_out_at,
        ended_how=interval.ended_how,
        provenance=interval.provenance or before.provenance,
        check_in_points=0,
        check_out_points=0,
        minutes=0,
    )
    if not after.counts:
        return after
    frozen = posted is None and before.counts
    if frozen and not _moved(before, after, minutes, event, is_end=is_end):
        return replace(
            after,
            check_in_points=before.check_in_points,
            check_out_points=before.check_out_points,
            minutes=before.minutes,
        )
    keeps = before.points if posted is None else posted
    parts = parts_of(
        event.rule,
        minutes,
        is_leader=after.is_leader,
        earns_minutes=event.measure == "service",
        had_that_day=standing_before(event.rule, facts.points_that_day(after), keeps),
    )
    return replace(
        after,
        check_in_points=parts.check_in_points,
        check_out_points=parts.check_out_points,
        minutes=parts.minutes,
    )


def _moved(
    before: Attendance, after: Attendance, minutes: int | None, event: EventFacts, *, is_end: bool
) -> bool:
    """Whether other time counts than before.

    An end moves the event's window too, which cuts off nobody's out but their own; participation
    keeps no minutes to tell that from.
    """
    times = (after.checked_in_at, after.checked_out_at)
    if times != (before.checked_in_at, before.checked_out_at):
        return True
    if event.measure == "service":
        return (minutes or 0) != before.minutes
    return is_end and after.ended_how == "own"


def keep(row: Case, before: Attendance, after: Attendance, facts: Facts) -> None:
    if not after.provenance:  # nobody came: an out and an undo alone make no attendance
        return
    event = row.event
    assert event is not None
    facts.attendances[(after.event_id, after.resident_id)] = after
    for part in PARTS:
        if after.worth(part) != before.worth(part):
            facts.moved_by[(after.event_id, after.resident_id, part)] = row.batch
    if event.capacity is not None:
        seats = int(after.state != "undone") - int(before.state != "undone")
        facts.seats_taken[event.id] = facts.seats_taken.get(event.id, 0) + seats
    balance, owed = facts.balances.get(after.resident_id, (0, 0))
    gained = after.points - before.points
    repaid = min(max(gained, 0), owed)
    facts.balances[after.resident_id] = (max(balance + gained - repaid, 0), owed - repaid)


def verdict_on(
    row: Case, verdict: str, outcome: Outcome, before: Attendance, after: Attendance, facts: Facts
) -> Verdict:
    assert row.person is not None
    said: dict[str, int | str | bool] = {"event_id": after.event_id}
    if after.checked_in_at:
        said["checked_in_at"] = after.checked_in_at.isoformat()
    if after.checked_out_at:
        said["checked_out_at"] = after.checked_out_at.isoformat()
    if verdict == "accepted":
        said["points"] = after.points - before.points
    said["total_points"] = after.points
    said["minutes"] = after.minutes
    said["balance_points"] = facts.balances.get(after.resident_id, (0, 0))[0]
    if after.on_duty:
        said["on_duty"] = True
    if after.provisional:
        said["provisional"] = True
    if row.override:
        said["override"] = row.override
    return Verdict(
        row.scan.client_id,
        verdict,  # type: ignore[arg-type]
        outcome,
        said,
        row.person.resident_id,
        row.person.name,
    )
