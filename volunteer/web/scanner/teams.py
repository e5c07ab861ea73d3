"""Visiting teams at an event: which are here, called in one go, leaving together, and thanked."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4, uuid5

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import ngettext
from volunteer.documents.qr import qr_svg
from volunteer.documents.refusals import words_for, words_for_code
from volunteer.documents.thanks import Thanks, thanks_pdf, thanks_png
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, Refusal, Refused, refuse
from volunteer.domain.scans import LONGEST_BATCH, Direction, Scan, Verdict, body_hash_of
from volunteer.queries.event_shown import EventShown
from volunteer.queries.events import EventInFull, read_event
from volunteer.queries.visiting_teams import (
    TeamMemberRow,
    TeamRow,
    TeamVisit,
    read_team,
    read_team_members,
    read_team_visits,
    read_teams,
    read_teams_at,
)
from volunteer.services import visiting_teams as service
from volunteer.web import dates
from volunteer.web.addresses import team_address
from volunteer.web.admin.forms import status_after
from volunteer.web.admin.team_forms import (
    AgreementForm,
    NamesForm,
    TeamForm,
    add_listed,
    details_of,
    kinds,
)
from volunteer.web.asked import number_or_none
from volunteer.web.dates import clock_time
from volunteer.web.gate import me, needs, scope
from volunteer.web.recorder import staff_recorder
from volunteer.web.scanner.event_end import parse_clock
from volunteer.web.scanner.place import blueprint, event_or_refuse, form_id, record_here

MOST_FLASHED = 5


@blueprint.get("/teams")
@needs(Permission.RECORD_SCANS)
def teams(event_id: int) -> ResponseReturnValue:
    """The teams at this event, and those that were here before."""
    event = event_or_refuse(event_id)
    q = request.args.get("q", "")[:80]
    return render_template(
        "scanner/teams.html",
        event=event,
        here=read_teams_at(scope(), event_id),
        known=read_teams(scope(), event.community_id, today=_today(event), q=q, not_at=event_id),
        q=q,
    )


@blueprint.post("/teams")
@needs(Permission.RECORD_SCANS)
def bring_team(event_id: int) -> ResponseReturnValue:
    """A team that was here before is here again."""
    team_id = number_or_none(request.form.get("team"))
    if team_id is None:
        raise refuse(Code.NOT_FOUND)
    now, recorder = clock.now(), staff_recorder(me())
    service.bring_team(team_id, event_id, recorder, now=now, scope=scope())
    return redirect(url_for("scanner.team", event_id=event_id, team_id=team_id), 303)


@blueprint.route("/teams/new", methods=["GET", "POST"])
@needs(Permission.RECORD_SCANS)
def new_team(event_id: int) -> ResponseReturnValue:
    event = event_or_refuse(event_id)
    form = TeamForm()
    form.kind.choices = kinds(event.community_id)
    made: list[int] = []
    status = status_after(form, lambda: made.append(_add_team(event, form)))
    if status is not None:
        return render_template("scanner/team_form.html", event=event, form=form), status
    return redirect(url_for("scanner.team_names", event_id=event_id, team_id=made[0]), 303)


@blueprint.get("/teams/<int:team_id>")
@needs(Permission.RECORD_SCANS)
def team(event_id: int, team_id: int) -> ResponseReturnValue:
    event, now = event_or_refuse(event_id), clock.now()
    found, visit = _find(event, team_id)
    members = read_team_members(found, today=_today(event), event_id=event_id)
    return render_template(
        "scanner/team.html",
        event=event,
        team=found,
        visit=visit,
        here=[one for one in members if one.attendance],
        to_call=[one for one in members if not one.attendance],
        staying=[one for one in members if one.attendance == "present"],
        scan_id=uuid4(),
        left_at=clock_time(min(now, event.ends_at), event.zone),
        running=event.starts_at <= now <= event.closes_at,
        may_end=event.state != "cancelled" and now >= event.starts_at,
    )


@blueprint.route("/teams/<int:team_id>/names", methods=["GET", "POST"])
@needs(Permission.RECORD_SCANS)
def team_names(event_id: int, team_id: int) -> ResponseReturnValue:
    """Type or paste the names; look at them; write them down."""
    event = event_or_refuse(event_id)
    found, _visit = _find(event, team_id)
    form = NamesForm.of(found)
    known = [one.name for one in read_team_members(found, today=_today(event))]
    added: list[int] = []
    status = status_after(form, lambda: added.extend(add_listed(form, found, known, event_id)))
    if added:
        words = ngettext(
            "%(num)d person is in the team now.", "%(num)d people are in the team now.", added[0]
        )
        flash(words if added[0] else _("Everybody on the list was in the team before."), "accepted")
        return redirect(url_for("scanner.team", event_id=event_id, team_id=team_id), 303)
    back = url_for("scanner.team", event_id=event_id, team_id=team_id)
    page = render_template(
        "scanner/team_names.html",
        team=found,
        form=form,
        back=back,
        listed=form.listed,
        words_of=words_for,
    )
    return page, status or 200


@blueprint.route("/teams/<int:team_id>/consent", methods=["GET", "POST"])
@needs(Permission.RECORD_SCANS)
def team_agreement(event_id: int, team_id: int) -> ResponseReturnValue:
    """The adult who came with the children agrees, on the spot."""
    found, _visit = _find(event_or_refuse(event_id), team_id)
    form = AgreementForm(accompanied_by=found.consent_by or found.contact)
    status = status_after(
        form,
        lambda: service.agree_for_team(
            team_id,
            form.accompanied_by.data or "",
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        ),
    )
    back = url_for("scanner.team", event_id=event_id, team_id=team_id)
    if status is not None:
        return render_template("admin/team_consent.html", form=form, back=back, team=found), status
    flash(_("Saved."), "accepted")
    return redirect(back, 303)


@blueprint.post("/teams/<int:team_id>/here")
@needs(Permission.RECORD_SCANS)
def team_here(event_id: int, team_id: int) -> ResponseReturnValue:
    """「勾选的人都到了」: everybody ticked is checked in, as by a roll call."""
    now, event = clock.now(), event_or_refuse(event_id)
    found, _visit = _find(event, team_id)
    scan_id, ticked = form_id("scan_id"), _ticked()
    members = read_team_members(found, today=_today(event), event_id=event_id)
    called = [one for one in members if one.resident_id in ticked and not one.attendance]
    only_now = request.form.get("at") == "now" and now <= event.closes_at
    times = (now, now if only_now else min(event.starts_at, now))
    scans = [_scan(event, one, scan_id, "in", times) for one in called[:LONGEST_BATCH]]
    _say(record_here(event, scans, now), "in")
    return redirect(url_for("scanner.team", event_id=event_id, team_id=team_id), 303)


@blueprint.post("/teams/<int:team_id>/leave")
@needs(Permission.RECORD_SCANS)
def team_leaves(event_id: int, team_id: int) -> ResponseReturnValue:
    """The team goes: everybody of it who is here is checked out."""
    now, event = clock.now(), event_or_refuse(event_id)
    found, _visit = _find(event, team_id)
    back = redirect(url_for("scanner.team", event_id=event_id, team_id=team_id), 303)
    try:
        left_at = parse_clock(request.form.get("left_at", ""), event)
        if left_at > now:
            raise refuse(Code.END_IN_FUTURE)
    except Refused as refused:
        flash(words_for(refused.refusal), "refused")
        return back
    scan_id = form_id("scan_id")
    members = read_team_members(found, today=_today(event), event_id=event_id)
    staying = [one for one in members if one.attendance == "present"]
    scans = [
        _scan(event, one, scan_id, "out", (now, max(left_at, one.checked_in_at or left_at)))
        for one in staying[:LONGEST_BATCH]
    ]
    _say(record_here(event, scans, now), "out")
    return back


@blueprint.get("/teams/<int:team_id>/code")
@needs(Permission.RECORD_SCANS)
def team_code(event_id: int, team_id: int) -> ResponseReturnValue:
    """The team's code on the leader's phone, or printed: its people write themselves down."""
    event = event_or_refuse(event_id)
    found, visit = _find(event, team_id)
    address = team_address(visit.ref)
    return render_template(
        "scanner/team_code.html", event=event, team=found, address=address, code=qr_svg(address)
    )


@blueprint.get("/teams/<int:team_id>/thanks.<any(pdf, png):kind>")
@needs(Permission.SEE_ROSTER)
def team_thanks(event_id: int, team_id: int, kind: str) -> ResponseReturnValue:
    """The thank-you sheet; ``?names=1`` with the names of who came."""
    event = event_or_refuse(event_id)
    whole = read_event(scope(), event_id, clock.now())
    found, visit = _find(event, team_id)
    names: tuple[str, ...] = ()
    if request.args.get("names") == "1":
        members = read_team_members(found, today=_today(event), event_id=event_id, former=True)
        names = tuple(one.name for one in members if one.attendance)
    assert whole is not None
    made = _thanks(whole, found, visit, names)
    body = thanks_pdf(made) if kind == "pdf" else thanks_png(made)
    return Response(
        body,
        mimetype="application/pdf" if kind == "pdf" else "image/png",
        headers={"Content-Disposition": f'inline; filename="thanks-{team_id}.{kind}"'},
    )


def _add_team(event: EventShown, form: TeamForm) -> int:
    return service.add_team(
        event.community_id,
        details_of(form),
        event_id=event.event_id,
        by=me().login_id,
        now=clock.now(),
        scope=scope(),
    )


def _find(event: EventShown, team_id: int) -> tuple[TeamRow, TeamVisit]:
    """The team at this event. Raises Refused: ``not_found``."""
    found = read_team(scope(), team_id, today=_today(event))
    visits = read_team_visits(found, event_id=event.event_id) if found else []
    if found is None or not visits:
        raise refuse(Code.NOT_FOUND)
    return found, visits[0]


def _today(event: EventShown) -> date:
    return dates.local_day(clock.now(), event.zone)


def _ticked() -> set[int]:
    texts = request.form.getlist("present")[:LONGEST_BATCH]
    return {number for text in texts if (number := number_or_none(text)) is not None}


def _scan(
    event: EventShown,
    one: TeamMemberRow,
    form: UUID,
    direction: Direction,
    times: tuple[datetime, datetime],
) -> Scan:
    """``times``: when the leader said so, and since when it counts. The id follows from the page's,
    so that a second tap is the first one again."""
    return Scan(
        client_id=uuid5(form, f"{direction} {one.resident_id}"),
        direction=direction,
        provenance="roll_call",
        scanned_at=times[0],
        corrected_at=times[1],
        body_hash=body_hash_of(
            {
                "event": event.event_id,
                "code": f"resident:{one.resident_id}",
                "direction": direction,
            }
        ),
        event_id=event.event_id,
        resident_id=one.resident_id,
    )


def _say(verdicts: list[Verdict], direction: str) -> None:
    done = sum(1 for one in verdicts if one.verdict in ("accepted", "already"))
    if done and direction == "in":
        flash(
            ngettext("%(num)d person checked in.", "%(num)d people checked in.", done), "accepted"
        )
    elif done:
        flash(
            ngettext("%(num)d person checked out.", "%(num)d people checked out.", done),
            "accepted",
        )
    refused = dict.fromkeys(
        str(words_for_code(one.code, one.facts)) for one in verdicts if one.verdict == "refused"
    )
    for words in list(refused)[:MOST_FLASHED]:
        flash(words, "refused")
    if not verdicts:
        flash(words_for(Refusal(Code.NOBODY_TICKED)), "warning")


def _thanks(whole: EventInFull, team: TeamRow, visit: TeamVisit, names: tuple[str, ...]) -> Thanks:
    row = whole.row
    return Thanks(
        team=team.name,
        people=visit.people,
        minutes=visit.minutes if visit.measure == "service" else None,
        activity=row.name,
        when=_when(whole, "zh_Hans_CN"),
        place=row.place,
        organisation=whole.organisation,
        community=whole.community,
        leader="、".join(one.name for one in row.leaders),
        team_en=team.name_en or "",
        activity_en=row.name_en or "",
        when_en=_when(whole, "en"),
        place_en=row.place_en or "",
        organisation_en=whole.organisation_en or "",
        community_en=whole.community_en or "",
        leader_en=", ".join(one.name_en for one in row.leaders if one.name_en),
        telephone=whole.telephone or "",
        names=names,
        sample=whole.is_demo,
    )


def _when(whole: EventInFull, locale: str) -> str:
    row = whole.row
    with force_locale(locale):
        day = dates.day(row.starts_at, row.zone)
        between = ", " if locale == "en" else " "
        return f"{day}{between}{dates.span(row.starts_at, row.ends_at, row.zone)}"
