"""「结束并全部签退」: end the event and check everybody out; again to correct it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import ngettext
from volunteer.documents.refusals import status_of, words_for, words_for_code
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, Refusal, Refused, refuse
from volunteer.domain.scans import Verdict
from volunteer.queries.event_shown import EventShown
from volunteer.queries.scanning import AtEvent, read_at_event, read_waiting_outs
from volunteer.services.event_end import end_event
from volunteer.web.dates import clock_time, zone_of
from volunteer.web.gate import me, needs, scope
from volunteer.web.recorder import staff_recorder
from volunteer.web.scanner.place import blueprint, event_or_refuse


@dataclass(frozen=True)
class Leaving:
    """Somebody whose end the leader gives. ``left_at`` is the time typed for an early leaver."""

    person: AtEvent
    stays: bool
    left_at: str
    is_family: bool


@blueprint.route("/end", methods=["GET", "POST"])
@needs(Permission.RUN_EVENTS)
def end(event_id: int) -> ResponseReturnValue:
    event, now = event_or_refuse(event_id), clock.now()
    if request.method == "GET":
        return _page(event, now)
    try:
        verdicts = _end(event, now)
    except Refused as refused:
        return _page(event, now, refused.refusal), status_of(refused.refusal.code)
    _say(verdicts)
    return redirect(url_for("scanner.end", event_id=event_id), 303)


def _end(event: EventShown, now: datetime) -> list[Verdict]:
    here = _ended_by_others(read_at_event(event.event_id, me().login_id, scope()))
    staying = set(request.form.getlist("stays"))
    left_at = {
        one.resident_id: _left_at(event, one.resident_id)
        for one in here
        if str(one.resident_id) not in staying and f"left-{one.resident_id}" in request.form
    }
    return end_event(
        event.event_id,
        ended_at=_ended_at(event),
        left_at=left_at,
        recorder=staff_recorder(me()),
        now=now,
        scope=scope(),
        keys=current_app.extensions["keys"],
    )


def _ended_at(event: EventShown) -> datetime:
    if event.ending == "planned_length":
        return event.ends_at
    return parse_clock(request.form.get("ended_at", ""), event)


def _left_at(event: EventShown, resident_id: int) -> datetime:
    """Raises Refused: ``left_at_missing``."""
    text = request.form.get(f"left-{resident_id}", "")
    if not text.strip():
        raise refuse(Code.LEFT_AT_MISSING)
    return parse_clock(text, event)


def parse_clock(text: str, event: EventShown) -> datetime:
    """17:40 as the moment of this event: on its day, or on the next when it runs past midnight.
    Raises Refused: ``date_invalid``."""
    try:
        at = time.fromisoformat(text.strip().replace("：", ":"))
    except ValueError:
        raise refuse(Code.DATE_INVALID) from None
    zone = zone_of(event.zone)
    begins = event.starts_at.astimezone(zone)
    moment = datetime.combine(begins.date(), at.replace(tzinfo=None), zone)
    spans_midnight = event.ends_at.astimezone(zone).date() > begins.date()
    if spans_midnight and moment < begins:
        moment += timedelta(days=1)
    return moment


def _ended_by_others(here: list[AtEvent]) -> list[AtEvent]:
    """Those who did not check out themselves: their own time always stands."""
    return [one for one in here if one.ended_how != "own"]


def _page(event: EventShown, now: datetime, refusal: Refusal | None = None) -> str:
    here = read_at_event(event.event_id, me().login_id, scope())
    family = {one.resident_id for one in me().acts_for}
    return render_template(
        "scanner/event_end.html",
        event=event,
        refusal=words_for(refusal) if refusal else None,
        leaving=[_leaving(one, event, family, refusal) for one in _ended_by_others(here)],
        gone=[one for one in here if one.ended_how == "own"],
        everybody=here,
        waiting=read_waiting_outs(event.event_id, scope()),
        ended_at=request.form.get("ended_at") or clock_time(_suggested(event, now), event.zone),
        too_early=_too_early(event, now),
    )


def _leaving(one: AtEvent, event: EventShown, family: set[int], refusal: Refusal | None) -> Leaving:
    stays, typed = True, ""
    if refusal is not None:
        stays = str(one.resident_id) in request.form.getlist("stays")
        typed = request.form.get(f"left-{one.resident_id}", "")
    elif event.ended_at is not None and one.checked_out_at is not None:
        stays = one.checked_out_at >= min(event.ended_at, event.ends_at)
        typed = "" if stays else clock_time(one.checked_out_at, event.zone)
    return Leaving(one, stays, typed, one.resident_id in family)


def _suggested(event: EventShown, now: datetime) -> datetime:
    """What was said before; else now, or the planned end when that has passed."""
    return event.ended_at or min(now, event.ends_at)


def _too_early(event: EventShown, now: datetime) -> str | None:
    """Why it cannot be ended yet."""
    if event.state == "cancelled":
        return words_for(Refusal(Code.EVENT_CANCELLED))
    if now < event.starts_at:
        return words_for(Refusal(Code.EVENT_NOT_STARTED))
    if event.ending == "planned_length" and now < event.ends_at:
        return words_for(Refusal(Code.EVENT_NOT_ENDED))
    return None


def _say(verdicts: list[Verdict]) -> None:
    out = sum(1 for one in verdicts if one.verdict != "refused")
    flash(
        ngettext("Ended. %(num)d person checked out.", "Ended. %(num)d people checked out.", out),
        "accepted",
    )
    for words in _refused_words(verdicts)[:5]:
        flash(words, "refused")


def _refused_words(verdicts: list[Verdict]) -> list[str]:
    refused: dict[str, None] = {}
    for one in verdicts:
        if one.verdict == "refused":
            words = words_for_code(one.code, one.facts)
            if one.resident_name:
                words = _("%(about)s: %(words)s", about=one.resident_name, words=words)
            refused[str(words)] = None
    return list(refused)
