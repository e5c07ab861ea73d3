"""/admin/cards: print cards for a building, an area, a group, or whoever has none yet.

The pages are drawn in the background and kept for a day, for whoever asked.
"""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from typing import Any, cast

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField

from volunteer import clock
from volunteer.documents import task_words as words
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import words_for
from volunteer.domain.access import Permission
from volunteer.domain.card_prints import KEPT_FOR, Layout, PrintWish, is_kept
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.queries.card_people import WHICH, CardFilter, CardPerson, read_card_people
from volunteer.queries.places import read_area_choices, read_building_choices
from volunteer.queries.tasks import TaskRow, read_task, read_tasks
from volunteer.queries.youth_groups import read_group_choices
from volunteer.services import card_prints as service
from volunteer.services import tasks
from volunteer.services.card_prints import AskedPrint
from volunteer.web.admin import today
from volunteer.web.admin.forms import choices_of, kept_filters, status_after
from volunteer.web.admin.tasks import RELOAD_SECONDS
from volunteer.web.asked import number_or_none
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("card_prints", __name__, url_prefix="/admin/cards")

MOST_LISTED = 100
"""People with a tick each; of more only the number is shown, and all of them are printed."""
LAYOUTS = {
    Layout.BOTH_SIDES: _l("Ten to a page, backs on the other side"),
    Layout.ONE_SIDE: _l("Ten to a page, fronts only"),
    Layout.FOLDED: _l("Five to a page, to fold and glue"),
}


class PrintForm(FlaskForm):
    layout = RadioField(
        _l("On paper"), choices=choices_of(LAYOUTS), default=Layout.BOTH_SIDES.value
    )
    strips = BooleanField(_l("With strips for activation codes"))
    replaces = BooleanField(_l("Replace the cards"))
    form_id = HiddenField()


@blueprint.route("", methods=["GET", "POST"])
@needs(Permission.REPLACE_CARD)
def cards() -> ResponseReturnValue:
    community = current_community()
    wanted = asked_filter("missing")
    people = read_card_people(scope(), community.community_id, wanted, today=today())
    form = PrintForm(strips=wanted.which == "missing", form_id=token_hex(8))
    asked: list[int] = []
    status = status_after(form, lambda: asked.append(_ask(form, people)))
    if status is None:
        return redirect(url_for("card_prints.shown", task_id=asked[0]), 303)
    page = render_template(
        "admin/card_prints.html",
        community=community,
        form=form,
        people=people,
        ticked=_ticked(people),
        listed=len(people) <= MOST_LISTED,
        wanted=wanted,
        prints=_prints(community.community_id),
        action=url_for("card_prints.cards", **_kept(wanted)),
        words=words,
        **filter_choices(community.community_id),
    )
    return page, status


@blueprint.get("/prints/<int:task_id>")
@needs(Permission.REPLACE_CARD)
def shown(task_id: int) -> ResponseReturnValue:
    task = _find(task_id)
    page = make_response(
        render_template(
            "admin/card_print.html",
            task=task,
            words=words,
            kept=_is_kept(task),
            own=task.by_login_id == me().login_id,
            strips=AskedPrint.of(task.arguments).wish.strips,
            until=task.created_at + KEPT_FOR,
            percent=100 * task.done_steps // max(task.total_steps, 1),
        )
    )
    if task.is_open:
        page.headers["Refresh"] = str(RELOAD_SECONDS)
    return page


@blueprint.post("/prints/<int:task_id>/pages")
@needs(Permission.REPLACE_CARD)
def pages(task_id: int) -> ResponseReturnValue:
    """The PDF. By POST: it is written down that somebody opened it, and no link does it."""
    try:
        pdf = service.open_pages(
            task_id, data_dir=_data_dir(), by=me().login_id, now=clock.now(), scope=scope()
        )
    except Refused as refused:
        return _back(task_id, refused)
    headers = {"Content-Disposition": f'attachment; filename="cards-{task_id}.pdf"'}
    return Response(pdf, mimetype="application/pdf", headers=headers)


@blueprint.post("/prints/<int:task_id>/delete")
@needs(Permission.REPLACE_CARD)
def delete(task_id: int) -> ResponseReturnValue:
    try:
        service.delete_pages(
            task_id, data_dir=_data_dir(), by=me().login_id, now=clock.now(), scope=scope()
        )
    except Refused as refused:
        return _back(task_id, refused)
    flash(_("The pages are deleted. The cards work as they are."), "accepted")
    return redirect(url_for("card_prints.cards"), 303)


@blueprint.post("/prints/<int:task_id>/again")
@needs(Permission.REPLACE_CARD)
def again(task_id: int) -> ResponseReturnValue:
    _find(task_id)
    tasks.try_again(task_id, by=me().login_id, now=clock.now(), scope=scope())
    flash(_("It goes on from where it stopped."), "accepted")
    return redirect(url_for("card_prints.shown", task_id=task_id), 303)


def asked_filter(which: str = "") -> CardFilter:
    """The filters of this address; ``which`` when it carries none."""
    asked = request.args.get("which", "")
    wanted = CardFilter(
        building_id=number_or_none(request.args.get("building")),
        area_id=number_or_none(request.args.get("area")),
        group_id=number_or_none(request.args.get("group")),
        team_id=number_or_none(request.args.get("team")),
        nowhere=request.args.get("nowhere") == "1",
        which=asked if asked in WHICH else "",
        refs=request.args.getlist("ref")[:MOST_LISTED],
    )
    return wanted if wanted.is_narrow or "which" in request.args else CardFilter(which=which)


def filter_choices(community_id: int) -> dict[str, Any]:
    """What the filters offer."""
    return {
        "buildings": read_building_choices(scope(), community_id),
        "areas": read_area_choices(scope(), community_id),
        "groups": read_group_choices(scope(), community_id),
    }


def _kept(wanted: CardFilter) -> dict[str, Any]:
    kept = kept_filters("building", "area", "group", "team", "nowhere")
    if wanted.refs:
        kept["ref"] = list(wanted.refs)
    return {**kept, "which": wanted.which}


def _ask(form: PrintForm, people: list[CardPerson]) -> int:
    chosen = people
    if request.form.get("listed") == "1":
        refs = set(request.form.getlist("who"))
        chosen = [one for one in people if one.ref in refs]
    wish = PrintWish(Layout(form.layout.data), bool(form.strips.data), bool(form.replaces.data))
    ids = tuple(one.resident_id for one in chosen)
    return service.ask_for_print(
        current_community().community_id,
        AskedPrint(ids, wish, (form.form_id.data or token_hex(8))[:40]),
        by=me().login_id,
        now=clock.now(),
        scope=scope(),
    )


def _ticked(people: list[CardPerson]) -> set[str]:
    if request.method == "POST" and request.form.get("listed") == "1":
        return set(request.form.getlist("who"))
    return {one.ref for one in people}


def _prints(community_id: int) -> list[TaskRow]:
    """Prints whose pages may still be there."""
    found = read_tasks(scope(), community_id)
    mine = [task for task in found if task.kind == service.KIND]
    return [task for task in mine if is_kept(task.created_at, clock.now())][:10]


def _is_kept(task: TaskRow) -> bool:
    return service.are_pages_kept(
        task.community_id, task.result, task.created_at, data_dir=_data_dir(), now=clock.now()
    )


def _back(task_id: int, refused: Refused) -> ResponseReturnValue:
    if refused.refusal.code is Code.NOT_FOUND:
        raise refused
    flash(words_for(refused.refusal), "refused")
    return redirect(url_for("card_prints.shown", task_id=task_id), 303)


def _find(task_id: int) -> TaskRow:
    found = read_task(scope(), task_id)
    if found is None or found.kind != service.KIND:
        raise refuse(Code.NOT_FOUND)
    return found


def _data_dir() -> Path:
    return cast(Path, current_app.extensions["config"].data_dir)
