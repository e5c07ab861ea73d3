"""Whether a row is let in: which event, who it is, and what keeps them out.

Each function fills in its part of the ``Case`` or raises Refused.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from volunteer.domain.age import needs_guardian_consent
from volunteer.domain.attendance import ORGANIZERS_PROVENANCES
from volunteer.domain.refusals import Code, Refusal, Refused, refuse
from volunteer.domain.scan_case import Case
from volunteer.domain.scans import (
    FUTURE_MINUTES,
    SELF_PROVENANCES,
    Batch,
    CardFacts,
    EventFacts,
    Facts,
    Person,
    Scan,
)
from volunteer.domain.tokens import EventCode, Foreign, Presented

GONE_STATES = frozenset({"merged", "deceased", "rejected", "moved_on"})


def find_event(row: Case, facts: Facts) -> None:
    event = facts.events.get(row.scan.event_id) if row.scan.event_id is not None else None
    if event is None or not row.batch.sees(event):
        raise refuse(Code.EVENT_UNKNOWN)
    row.event = event
    recorder = row.recorder
    if recorder.device_id is not None:
        station = facts.stations.get((event.id, recorder.device_id))
        if station is None or not station.takes(row.scan.corrected_at):
            raise refuse(Code.DEVICE_NOT_ALLOWED)
    elif recorder.login_id is not None and not recorder.is_self and not recorder.runs(event):
        raise refuse(Code.NOT_YOUR_EVENT)


def find_person(row: Case, facts: Facts) -> Person:
    scan, recorder = row.scan, row.recorder
    if isinstance(scan.presented, EventCode):
        return _find_self(row, scan.presented, facts)
    if scan.resident_id is not None:
        person = facts.people.get(scan.resident_id)
        own = scan.resident_id in recorder.acts_for
        if person is None or not (own or _is_listed(person, row.batch)):
            raise refuse(Code.NOT_FOUND)
        return person
    if recorder.is_self:
        # A signed-in resident presents event codes; a card is for a leader or a device to scan.
        raise refuse(Code.CODE_MALFORMED if scan.presented is None else Code.NOT_YOUR_EVENT)
    assert row.event is not None
    card = _find_card(scan.presented, facts)
    if card.community_id == row.event.community_id:
        row.card_id = card.card_id
    assert card.resident_id is not None
    return facts.people[card.resident_id]


def _is_listed(person: Person, batch: Batch) -> bool:
    """Whether the person may stand on a list of names that the recorder ticks."""
    return not batch.recorder.is_self and batch.scope.sees(person.community_id)


def _find_self(row: Case, code: EventCode, facts: Facts) -> Person:
    assert row.event is not None
    if not row.recorder.is_self:
        raise refuse(Code.CODE_UNKNOWN)
    if code.event_id is not None and code.event_id != row.event.id:
        raise refuse(Code.CODE_UNKNOWN)
    found = facts.event_codes[row.scan.client_id]
    if isinstance(found, Refusal):
        raise Refused(found)
    row.provenance = found
    wanted = row.scan.resident_id or next(iter(row.recorder.own_resident_ids), None)
    person = facts.people.get(wanted) if wanted in row.recorder.acts_for else None
    if person is None:
        raise refuse(Code.NOT_FOUND)
    return person


def _find_card(presented: Presented | None, facts: Facts) -> CardFacts:
    if presented is None:
        raise refuse(Code.CODE_MALFORMED)
    card = facts.cards.get(presented)
    if card is None:
        raise refuse(Code.CODE_FOREIGN if isinstance(presented, Foreign) else Code.CARD_UNKNOWN)
    ended_on = card.ended_on.isoformat() if card.ended_on else None
    if card.state == "replaced":
        raise refuse(Code.CARD_REPLACED, ended_on=ended_on)
    if card.state == "revoked":
        raise refuse(Code.CARD_REVOKED, ended_on=ended_on)
    if card.resident_id is None:
        raise refuse(Code.CARD_BLANK)
    return card


def check_event(scan: Scan, event: EventFacts, now: datetime) -> None:
    """Whether the event takes a scan of this time at all. Raises Refused."""
    if event.state == "cancelled":
        raise refuse(Code.EVENT_CANCELLED)
    if scan.provenance == "auto_close":  # however late the job ran
        return
    if scan.corrected_at > now + timedelta(minutes=FUTURE_MINUTES):
        raise refuse(Code.SCAN_IN_FUTURE)
    if now > event.takes_scans_until:
        raise refuse(Code.LATE_SCAN, hours=event.late_scan_hours)
    if scan.provenance in ORGANIZERS_PROVENANCES:
        return
    if scan.provenance == "roll_call" and now > event.day_ends_at:
        raise refuse(Code.ROLL_CALL_OVER)
    if scan.corrected_at < event.opens_at:
        raise refuse(Code.CHECK_IN_NOT_OPEN, opens_at=event.opens_at.isoformat())
    if scan.direction == "in" and scan.corrected_at > event.closes_at:
        raise refuse(Code.CHECK_IN_CLOSED, closed_at=event.closes_at.isoformat())
    if scan.direction == "out" and scan.corrected_at > event.check_out_closes_at:
        raise refuse(Code.CHECK_OUT_CLOSED, closed_at=event.check_out_closes_at.isoformat())


def enter_as_guest(person: Person, event: EventFacts, facts: Facts) -> Person:
    """Somebody of another community goes on with their guest passbook in the host's books."""
    if person.community_id == event.community_id:
        return person
    guest_id = facts.guests.get((event.community_id, person.resident_id))
    if not event.takes_guests or guest_id is None:
        raise refuse(Code.CARD_FOREIGN)
    if person.state == "provisional":
        # Who is not confirmed at home would be awarded here by nobody's word.
        raise refuse(Code.NOT_CONFIRMED_AT_HOME)
    return as_guest(person, event.community_id, guest_id)


def as_guest(person: Person, community_id: int, guest_id: int) -> Person:
    """Somebody of another community in the host's books: on no building's and no group's board."""
    return replace(
        person,
        resident_id=guest_id,
        community_id=community_id,
        home_resident_id=person.resident_id,
        merges=0,
        residences=(),
        memberships=(),
    )


def check_person(row: Case, facts: Facts) -> None:
    person, event, recorder = row.person, row.event, row.recorder
    assert person is not None
    assert event is not None
    if person.state in GONE_STATES:
        raise refuse(Code.RESIDENT_INACTIVE)
    own = recorder.login_id in (person.self_login_ids | person.guardian_login_ids)
    family = bool(person.self_login_ids & facts.family_login_ids(recorder))
    for_another = not recorder.is_self and row.scan.provenance not in ORGANIZERS_PROVENANCES
    if for_another and recorder.login_id is not None and (own or family):
        raise refuse(Code.OWN_RECORD)
    needs = needs_guardian_consent(person.birth_date, person.age_band, event.local_date)
    if needs and not person.guardian_consent:
        raise refuse(Code.CONSENT_MISSING)


def check_record_consent(row: Case) -> None:
    """Who took back that a record is kept begins no attendance; one under way still ends."""
    assert row.person is not None
    if row.person.record_consent is False:
        raise refuse(Code.RECORD_TAKEN_BACK)


def check_seat(row: Case, facts: Facts) -> None:
    """A full event keeps self check-ins out; staff let people in, and that is written down."""
    event = row.event
    assert event is not None
    if event.capacity is None:
        return
    if facts.seats_taken.get(event.id, 0) < event.capacity:
        return
    if row.provenance in SELF_PROVENANCES:
        raise refuse(Code.EVENT_FULL, capacity=event.capacity)
    row.override = "over_capacity"
