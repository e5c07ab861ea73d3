"""A resident checks in: a scanned event code, one tap, the receipt. And what a scanned card says.

/q/<event>/<code>    a scanned event code: verified, kept as a pending check-in, no more
/check-in            who is here? GET shows, POST confirms
/check-in/receipt    how it turned out
/c/<code>            a scanned card
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.refusals import status_of, words_for, words_for_code
from volunteer.documents.spoken import spoken_words
from volunteer.domain.access import ActsFor, Permission, Principal, Relation, Scope
from volunteer.domain.event_codes import decide_event_code
from volunteer.domain.refusals import Code, Refusal
from volunteer.domain.scans import Direction
from volunteer.domain.tokens import CardCode, EventCode, parse_presented
from volunteer.queries.cards import read_card_end
from volunteer.queries.check_in import (
    BuildingStanding,
    Here,
    NextReward,
    ReceiptLine,
    read_building_standing,
    read_here,
    read_next_reward,
    read_receipt,
)
from volunteer.queries.event_shown import EventShown, read_event_shown, read_events_around
from volunteer.services.scans import record_scans
from volunteer.web.dates import local_day
from volunteer.web.gate import anyone, me, principal, signed_in
from volunteer.web.pending import Pending, mark_done, open_pending, read_pending
from volunteer.web.recorder import self_recorder

blueprint = Blueprint("check_in", __name__)

# Whoever holds an event's code may see the event, wherever they live.
BY_CODE = Scope.everything()


@blueprint.get("/q/<int:event_id>/<code>")
@anyone
def scanned(event_id: int, code: str) -> ResponseReturnValue:
    """1. Verify the code by server time. 2. Keep it as a pending check-in. Nothing else happens:
    chat apps open links before people do."""
    now = clock.now()
    event = read_event_shown(event_id, BY_CODE)
    if event is None:
        return _refused(Refusal(Code.EVENT_UNKNOWN))
    presented = parse_presented(f"/q/{event_id}/{code}")
    if not isinstance(presented, EventCode):
        return _refused(Refusal(Code.CODE_MALFORMED), event)
    found = decide_event_code(presented, event_id, event, current_app.extensions["keys"], now)
    if isinstance(found, Refusal):
        pending = read_pending()
        if pending and pending.event_id == event_id and pending.is_open(now):
            # The page was loaded again: this browser has shown a good code a moment ago.
            return redirect(url_for("check_in.check_in"))
        return _refused(found, event)
    open_pending(event_id, event.community_id, found, now)
    return redirect(url_for("check_in.check_in"))


@dataclass(frozen=True)
class Choice:
    """Somebody the signed-in person acts for, and what they can do now."""

    resident: ActsFor
    here: Here | None
    can: Direction | None
    ticked: bool


@blueprint.get("/check-in")
@anyone
def check_in() -> ResponseReturnValue:
    now = clock.now()
    pending = read_pending()
    if pending is None:
        return redirect(url_for("scan.scan"))
    event = read_event_shown(pending.event_id, BY_CODE)
    if event is None:
        return _refused(Refusal(Code.EVENT_UNKNOWN))
    if not pending.is_open(now):
        return _refused(Refusal(Code.PENDING_EXPIRED), event)
    return _confirm_page(event, pending, now)


@blueprint.post("/check-in")
@signed_in
def confirm() -> ResponseReturnValue:
    now = clock.now()
    person = me()
    pending = read_pending()
    if pending is None or not pending.is_open(now):
        return _refused(Refusal(Code.PENDING_EXPIRED))
    direction: Direction = "out" if request.form.get("direction") == "out" else "in"
    refs = request.form.getlist("who")
    residents = [one for one in person.acts_for if one.ref in refs]
    if not residents:
        event = read_event_shown(pending.event_id, BY_CODE)
        if event is None:
            return _refused(Refusal(Code.EVENT_UNKNOWN))
        nobody = Refusal(Code.NOBODY_TICKED)
        return _confirm_page(event, pending, now, nobody), status_of(nobody.code)
    record_scans(
        [pending.scan(resident.resident_id, direction) for resident in residents],
        self_recorder(person),
        now=now,
        scope=BY_CODE,
        keys=current_app.extensions["keys"],
        community_id=pending.community_id,
    )
    mark_done(pending, [resident.resident_id for resident in residents])
    return redirect(url_for("check_in.receipt"))


def _confirm_page(
    event: EventShown, pending: Pending, now: datetime, refusal: Refusal | None = None
) -> str:
    person = principal()
    choices = _choices(person, event, pending) if person else []
    return render_template(
        "check_in/check_in.html",
        event=event,
        provenance=pending.provenance,
        coming=[choice for choice in choices if choice.can == "in"],
        leaving=[choice for choice in choices if choice.can == "out"],
        settled=[choice for choice in choices if choice.can is None],
        signed_in=person is not None,
        closed=_closed_words(event, now),
        done=bool(pending.done),
        refusal=words_for(refusal) if refusal else None,
    )


def _choices(person: Principal, event: EventShown, pending: Pending) -> list[Choice]:
    ids = [one.resident_id for one in person.acts_for]
    here = read_here(event.event_id, ids, BY_CODE)
    found = []
    for one in person.acts_for:
        is_here = here.get(one.resident_id)
        can = _can(event, pending, one, is_here)
        ticked = len(ids) == 1 or one.relation is Relation.SELF or can == "out"
        found.append(Choice(one, is_here, can, ticked))
    return found


def _can(
    event: EventShown, pending: Pending, resident: ActsFor, here: Here | None
) -> Direction | None:
    """In once; then out, where each checks out, with a new scan of the code."""
    if here is None or here.state == "undone":
        return "in"
    checks_out = event.ending == "each_checks_out" and here.state == "present"
    return "out" if checks_out and resident.resident_id not in pending.done else None


def _closed_words(event: EventShown, now: datetime) -> str | None:
    """Why nobody can check in right now, before anybody taps in vain."""
    if event.state == "cancelled":
        return words_for(Refusal(Code.EVENT_CANCELLED))
    if now < event.opens_at:
        return words_for(Refusal(Code.CHECK_IN_NOT_OPEN, {"opens_at": event.opens_at.isoformat()}))
    if now > event.closes_at:
        return words_for(Refusal(Code.CHECK_IN_CLOSED, {"closed_at": event.closes_at.isoformat()}))
    return None


# ---- The receipt ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Printed:
    """One resident's line of the receipt, in words."""

    line: ReceiptLine
    name: str
    name_en: str | None
    words: str
    points: int


@blueprint.get("/check-in/receipt")
@signed_in
def receipt() -> ResponseReturnValue:
    person = me()
    pending = read_pending()
    if pending is None or not pending.done:
        return redirect(url_for("scan.scan"))
    event = read_event_shown(pending.event_id, BY_CODE)
    wanted = {pending.scan_id(resident_id): resident_id for resident_id in pending.done}
    lines = read_receipt(list(wanted), person.login_id, BY_CODE)
    if event is None or not lines:
        return _refused(Refusal(Code.PENDING_EXPIRED))
    names = {one.resident_id: one for one in person.acts_for}
    lines.sort(key=lambda line: pending.done.index(wanted[line.client_id]))
    printed = [_printed(line, names.get(wanted[line.client_id])) for line in lines]
    standing, reward = _beyond(event, lines, clock.now())
    return render_template(
        "check_in/receipt.html",
        event=event,
        lines=printed,
        mine={one.ref for one in person.acts_for},
        outcome=_outcome(lines),
        points=sum(one.points for one in printed),
        standing=standing,
        reward=reward,
        speak=_spoken(printed),
        stays=event.ending == "each_checks_out" and _came_in(lines),
        later=event.points_per_hour > 0 and _came_in(lines),
        title=_title(lines),
    )


def _printed(line: ReceiptLine, resident: ActsFor | None) -> Printed:
    name = line.name or (resident.name if resident else "")
    name_en = line.name_en if line.name else (resident.name_en if resident else None)
    points = line.facts.get("points", 0) if line.verdict == "accepted" else 0
    return Printed(line, name, name_en, words_for_code(line.code, line.facts), points)


def _outcome(lines: list[ReceiptLine]) -> str:
    verdicts = {line.verdict for line in lines}
    return next(one for one in ("accepted", "waiting", "already", "refused") if one in verdicts)


def _title(lines: list[ReceiptLine]) -> str:
    outcome = _outcome(lines)
    if outcome == "refused":
        return str(_("Not checked in"))
    decisive = next(line for line in lines if line.verdict == outcome)
    return words_for_code(decisive.code, decisive.facts)


def _spoken(printed: list[Printed]) -> str:
    accepted = [one for one in printed if one.line.verdict == "accepted"]
    one = (accepted or printed)[0]
    facts = dict(one.line.facts)
    if accepted:
        facts["points"] = sum(each.points for each in accepted)
    return spoken_words(one.line.code, facts)


def _came_in(lines: list[ReceiptLine]) -> bool:
    """Somebody whose time runs from now: time, and points by the hour, are known at the end."""
    return any(
        line.verdict == "accepted" and line.direction == "in" and not line.facts.get("on_duty")
        for line in lines
    )


def _beyond(
    event: EventShown, lines: list[ReceiptLine], now: datetime
) -> tuple[BuildingStanding | None, NextReward | None]:
    """The building's place and what the points can buy next, of the first who was accepted."""
    of = next((line for line in lines if line.verdict in ("accepted", "already")), None)
    if of is None or of.is_guest:
        return None, None
    standing = reward = None
    if of.building_id is not None:
        day = local_day(now, event.zone)
        standing = read_building_standing(event.community_id, of.building_id, day, BY_CODE)
    if of.balance_points is not None and len(lines) == 1:
        reward = read_next_reward(event.community_id, of.balance_points, BY_CODE)
    return standing, reward


# ---- A scanned card ------------------------------------------------------------------------


@blueprint.get("/c/<code>")
@anyone
def card(code: str) -> ResponseReturnValue:
    """A card scanned with WeChat. A leader may check its holder in; everybody else is told what
    the card is, never whose."""
    presented = parse_presented(f"/c/{code}")
    if not isinstance(presented, CardCode):
        return _refused(Refusal(Code.CODE_MALFORMED))
    ended = _ended(presented)
    if ended is not None:
        page = render_template("check_in/card_ended.html", code=ended.code, words=words_for(ended))
        return page, status_of(ended.code)
    person = principal()
    return render_template(
        "check_in/card.html",
        code=code,
        events=_events_to_run(person, clock.now()) if person else [],
        scan_id=uuid4(),
    )


def _ended(presented: CardCode) -> Refusal | None:
    """Why this card no longer works, as the scanner says it. One that works and one that never was
    look the same to a stranger."""
    card = read_card_end(presented.code)
    if card is None or card.state == "active":
        return None
    code = Code.CARD_REPLACED if card.state == "replaced" else Code.CARD_REVOKED
    ended_on = local_day(card.ended_at, card.zone).isoformat() if card.ended_at else None
    return Refusal(code, {"ended_on": ended_on})


def _events_to_run(person: Principal, now: datetime) -> list[EventShown]:
    communities = person.communities_with(Permission.RECORD_SCANS)
    if not communities and not person.led_event_ids:
        return []
    found = read_events_around(now, person.scope)
    return [
        event
        for event in found
        if event.community_id in communities or event.event_id in person.led_event_ids
    ]


def _refused(refusal: Refusal, event: EventShown | None = None) -> tuple[str, int]:
    page = render_template(
        "check_in/refused.html", code=refusal.code, words=words_for(refusal), event=event
    )
    return page, status_of(refusal.code)
