"""The paper poster: what it looks like, its file, its switch, and a new code for it."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.poster import Poster, poster_pdf, poster_png
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.events import EventInFull
from volunteer.services import events as service
from volunteer.web import dates
from volunteer.web.addresses import domain, is_reachable, poster_address
from volunteer.web.gate import me, needs, scope
from volunteer.web.organize.blueprint import blueprint
from volunteer.web.organize.events import found_event


@blueprint.get("/events/<int:event_id>/poster")
@needs(Permission.RUN_EVENTS)
def poster(event_id: int) -> ResponseReturnValue:
    return render_template(
        "organize/poster.html",
        shown=found_event(event_id),
        domain=domain(),
        reachable=is_reachable(),
    )


@blueprint.get("/events/<int:event_id>/poster.<any(pdf, png):kind>")
@needs(Permission.RUN_EVENTS)
def poster_file(event_id: int, kind: str) -> ResponseReturnValue:
    """The A4 page to print, or as a picture for a chat group."""
    shown = found_event(event_id)
    if not shown.poster_on:
        raise refuse(Code.POSTER_OFF)
    made = _poster(shown)
    body = poster_pdf(made) if kind == "pdf" else poster_png(made)
    return Response(
        body,
        mimetype="application/pdf" if kind == "pdf" else "image/png",
        headers={"Content-Disposition": f'inline; filename="poster-{event_id}.{kind}"'},
    )


@blueprint.post("/events/<int:event_id>/poster/switch")
@needs(Permission.RUN_EVENTS)
def switch_poster(event_id: int) -> ResponseReturnValue:
    on = request.form.get("on") == "1"
    service.switch_poster(event_id, on=on, by=me().login_id, now=clock.now(), scope=scope())
    flash(_("The poster's code works.") if on else _("The poster's code is off."), "accepted")
    return redirect(url_for("organize.poster", event_id=event_id))


@blueprint.post("/events/<int:event_id>/poster/renew")
@needs(Permission.RUN_EVENTS)
def renew_codes(event_id: int) -> ResponseReturnValue:
    service.renew_codes(event_id, by=me().login_id, now=clock.now(), scope=scope())
    flash(
        _("The poster has a new code. Posters printed before no longer work; print it again."),
        "accepted",
    )
    return redirect(url_for("organize.poster", event_id=event_id))


def _poster(shown: EventInFull) -> Poster:
    row = shown.row
    return Poster(
        name=row.name,
        when=_when(shown, "zh_Hans_CN"),
        place=_place(shown.area, row.place),
        community=shown.community,
        address=poster_address(row.event_id, shown.code_epoch),
        name_en=row.name_en or "",
        when_en=_when(shown, "en"),
        place_en=_place(shown.area_en, row.place_en) if row.place_en else "",
        community_en=shown.community_en or "",
        telephone=shown.telephone or "",
        reachable_on_mobile_data=is_reachable(),
        sample=shown.is_demo,
    )


def _when(shown: EventInFull, locale: str) -> str:
    row = shown.row
    with force_locale(locale):
        day = dates.day(row.starts_at, row.zone)
        between = ", " if locale == "en" else " "
        return f"{day}{between}{dates.span(row.starts_at, row.ends_at, row.zone)}"


def _place(area: str | None, place: str) -> str:
    return f"{area} · {place}" if area and area not in place else place
