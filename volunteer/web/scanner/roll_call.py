"""Roll call: tick names from a list, before, during and after the event, that day.

The page is one form. Searching sends it too, so that ticks made before a search are kept; only
"save" records. Unticking a name within ten minutes undoes what this leader's roll call recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import ngettext
from volunteer.documents.provenances import provenance_words
from volunteer.documents.refusals import words_for_code
from volunteer.domain.access import Permission
from volunteer.domain.attendance import UNDO_MINUTES
from volunteer.domain.scans import LONGEST_BATCH, Scan, Verdict, body_hash_of
from volunteer.queries.event_shown import EventShown
from volunteer.queries.roll_call import (
    Candidate,
    find_candidates,
    read_by_ids,
    read_candidates,
)
from volunteer.queries.scanning import AtEvent, read_at_event, read_undone_calls
from volunteer.web.gate import me, needs, scope
from volunteer.web.scanner.place import blueprint, event_or_refuse, form_id, record_here

LONGEST_SEARCH = 50
MOST_FLASHED = 5

FROM_START = timedelta(hours=2)
"""How long after the start a roll call is taken to be of those who came for it."""


@dataclass(frozen=True)
class Called:
    """A name of the list. ``can_untick``: this leader ticked it within the last ten minutes."""

    resident_id: int
    name: str
    name_en: str | None
    passbook_number: str
    ticked: bool
    here: AtEvent | None = None
    can_untick: bool = True
    why: str = ""


@blueprint.route("/roll-call", methods=["GET", "POST"])
@needs(Permission.RECORD_SCANS)
def roll_call(event_id: int) -> ResponseReturnValue:
    event, now = event_or_refuse(event_id), clock.now()
    if request.method == "POST" and request.form.get("step") != "search":
        return _save(event, now)
    words = " ".join(request.values.get("q", "").split())[:LONGEST_SEARCH]
    here = read_at_event(event_id, me().login_id, scope())
    ticked = _ids("present")
    found = (
        find_candidates(words, event_id, scope()) if words else read_candidates(event_id, scope())
    )
    unseen = sorted(ticked - {one.resident_id for one in found})
    kept = read_by_ids(unseen, event_id, scope()) if unseen else []
    gone = {one.resident_id for one in here}
    return render_template(
        "scanner/roll_call.html",
        event=event,
        words=words,
        here=[_called_here(one, now, ticked, searched=request.method == "POST") for one in here],
        kept=[_called(one, ticked) for one in kept if one.resident_id not in gone],
        found=[_called(one, ticked) for one in found if one.resident_id not in gone],
        roll_id=_roll_id(),
        from_start=request.form.get("at", _usual_at(event, now)) == "start",
        running=event.starts_at <= now <= event.closes_at,
        over=now > event.closes_at,
        provenance_words=provenance_words,
    )


def _usual_at(event: EventShown, now: datetime) -> str:
    """Who is ticked hours into a long event has most likely just come."""
    return "start" if now - event.starts_at <= FROM_START else "now"


def _save(event: EventShown, now: datetime) -> ResponseReturnValue:
    """Ins for the newly ticked, undos for the unticked; each id follows from the page's."""
    roll_id, ticked, shown = form_id("roll_id"), _ids("present"), _ids("shown")
    here = read_at_event(event.event_id, me().login_id, scope())
    here_ids = {one.resident_id for one in here}
    undone = read_undone_calls(event.event_id, me().login_id, scope())
    scans = [
        _in(event, one, roll_id, (now, _call_time(event, now, undone.get(one))))
        for one in sorted(ticked - here_ids)
    ]
    scans += [
        _undo(event, one, now)
        for one in here
        if one.resident_id in shown - ticked and _may_untick(one, now)
    ]
    verdicts = record_here(event, scans[:LONGEST_BATCH], now)
    _say(verdicts)
    return redirect(url_for("scanner.roll_call", event_id=event.event_id), 303)


def _in(
    event: EventShown, resident_id: int, roll_id: UUID, times: tuple[datetime, datetime]
) -> Scan:
    """``times``: when the name was called, and since when the person is here."""
    return Scan(
        client_id=uuid5(roll_id, str(resident_id)),
        direction="in",
        provenance="roll_call",
        scanned_at=times[0],
        corrected_at=times[1],
        body_hash=body_hash_of(
            {"event": event.event_id, "code": f"resident:{resident_id}", "direction": "in"}
        ),
        event_id=event.event_id,
        resident_id=resident_id,
    )


def _undo(event: EventShown, one: AtEvent, now: datetime) -> Scan:
    """The ten minutes were counted from when the name was ticked; on the attendance's own line of
    time the undo stands where the check-in does, which may be an hour ago."""
    undoes, since = one.roll_call_scan_id, one.roll_call_from
    assert undoes is not None
    assert since is not None
    return Scan(
        client_id=uuid5(undoes, "undo"),
        direction="undo",
        provenance="roll_call",
        scanned_at=now,
        corrected_at=since,
        body_hash=body_hash_of(
            {"event": event.event_id, "direction": "undo", "undoes": str(undoes)}
        ),
        event_id=event.event_id,
        undoes=undoes,
    )


def _call_time(event: EventShown, now: datetime, undone_at: datetime | None) -> datetime:
    """Before the start: now. While it runs: as the leader chose. After it: from the start.

    An undo also takes back what came up to ten minutes before it, so somebody who was unticked and
    is ticked again comes a moment after; moments are not counted.
    """
    chosen = now if now < event.starts_at else event.starts_at
    if event.starts_at <= now <= event.closes_at and request.form.get("at") == "now":
        chosen = now
    if undone_at is not None and chosen <= undone_at <= chosen + timedelta(minutes=UNDO_MINUTES):
        return undone_at + timedelta(microseconds=1)
    return chosen


def _may_untick(one: AtEvent, now: datetime) -> bool:
    return one.roll_call_at is not None and now - one.roll_call_at <= timedelta(
        minutes=UNDO_MINUTES
    )


def _called_here(one: AtEvent, now: datetime, ticked: set[int], *, searched: bool) -> Called:
    can_untick = _may_untick(one, now)
    return Called(
        one.resident_id,
        one.name,
        one.name_en,
        one.passbook_number,
        ticked=not (searched and can_untick) or one.resident_id in ticked,
        here=one,
        can_untick=can_untick,
    )


def _called(one: Candidate, ticked: set[int]) -> Called:
    return Called(
        one.resident_id,
        one.name,
        one.name_en,
        one.passbook_number,
        ticked=one.resident_id in ticked,
        why=one.why,
    )


def _ids(name: str) -> set[int]:
    """Residents of a form's tick boxes; what is no number is left out."""
    texts = request.form.getlist(name)[:LONGEST_BATCH]
    return {int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19}


def _roll_id() -> UUID:
    """Kept over a search: the ticks of one page are one roll call."""
    try:
        return UUID(request.form.get("roll_id", ""))
    except ValueError:
        return uuid4()


def _say(verdicts: list[Verdict]) -> None:
    came = sum(1 for one in verdicts if one.code == "ok_in")
    undone = sum(1 for one in verdicts if one.code == "undone")
    if came:
        flash(
            ngettext("%(num)d person checked in.", "%(num)d people checked in.", came), "accepted"
        )
    if undone:
        flash(ngettext("%(num)d check-in undone.", "%(num)d check-ins undone.", undone), "info")
    refused = [one for one in verdicts if one.verdict == "refused"]
    for one in refused[:MOST_FLASHED]:
        words = words_for_code(one.code, one.facts)
        if one.resident_name:
            words = _("%(about)s: %(words)s", about=one.resident_name, words=words)
        flash(words, "refused")
    if len(refused) > MOST_FLASHED:
        more = len(refused) - MOST_FLASHED
        flash(ngettext("%(num)d more likewise.", "%(num)d more likewise.", more), "refused")
    if not verdicts:
        flash(_("Nothing was changed."), "info")
