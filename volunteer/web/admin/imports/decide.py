"""What staff decide about a dry run: people in doubt, buildings, going on, forgetting it."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import ngettext
from volunteer.documents.refusals import words_for
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.residents_dry_run import Chosen
from volunteer.domain.residents_matching import Fate
from volunteer.services import residents_import, residents_places, residents_upload
from volunteer.services.residents_places import PlaceChoice
from volunteer.web.admin.imports.blueprint import blueprint, find_batch, to_batch
from volunteer.web.admin.imports.dry_run import PLACES_TAB
from volunteer.web.asked import number_or_none
from volunteer.web.gate import me, needs, scope

_ROW, _WRITTEN = "row-", "written-"
_SHOWN_ON_PAGE = frozenset(
    {Code.CHOICE_MISSING, Code.SHEET_KNOWN, Code.ALREADY_EXISTS, Code.TEXT_TOO_LONG}
)


@blueprint.post("/<int:batch_id>/choose")
@needs(Permission.EDIT_PEOPLE)
def choose(batch_id: int) -> ResponseReturnValue:
    """``row-ID``: this:RESIDENT, new or skip; ``all``: the same for everybody still in doubt."""
    found = find_batch(batch_id)
    back = redirect(url_for("imports.batch", batch_id=batch_id, tab="ask"), 303)
    everybody = {"new": Fate.NEW, "skip": Fate.SKIP}.get(request.form.get("all", ""))
    try:
        if everybody is not None:
            residents_import.choose_all(batch_id, everybody, scope=scope())
            flash(_("Decided for everybody who was in doubt."), "accepted")
            return back
        chosen = _chosen()
        if not chosen:
            flash(_("Please choose for at least one person."), "warning")
            return back
        residents_import.choose_rows(batch_id, chosen, now=clock.now(), scope=scope())
    except Refused as refused:
        return _said(refused, back)
    words = ngettext("Decided for %(num)d row.", "Decided for %(num)d rows.", len(chosen))
    flash(words, "accepted")
    return redirect(url_for("imports.batch", batch_id=found.batch_id, tab="ask"), 303)


@blueprint.post("/<int:batch_id>/places")
@needs(Permission.EDIT_PLACES)
def places(batch_id: int) -> ResponseReturnValue:
    """``written-N`` is how a building is written, ``place-N`` what it is: b12, an existing one;
    a3, a new one in that area. Then the dry run is made anew."""
    found = find_batch(batch_id)
    back = redirect(url_for("imports.batch", batch_id=batch_id, tab=PLACES_TAB), 303)
    choices = _places()
    if not choices:
        flash(_("Please choose for at least one building, or go on without."), "warning")
        return back
    try:
        residents_places.match_places(
            found.batch_id, choices, by=me().login_id, now=clock.now(), scope=scope()
        )
        residents_import.check_import(batch_id, now=clock.now(), scope=scope())
    except Refused as refused:
        return _said(refused, back)
    words = ngettext(
        "%(num)d building is known by that name from now on. The dry run was made anew.",
        "%(num)d buildings are known by those names from now on. The dry run was made anew.",
        len(choices),
    )
    flash(words, "accepted")
    return to_batch(batch_id)


@blueprint.post("/<int:batch_id>/again")
@needs(Permission.EDIT_PEOPLE)
def again(batch_id: int) -> ResponseReturnValue:
    """This very file was imported before, and staff know it."""
    find_batch(batch_id)
    residents_upload.import_again(batch_id, scope=scope())
    return to_batch(batch_id)


@blueprint.post("/<int:batch_id>/check")
@needs(Permission.EDIT_PEOPLE)
def check(batch_id: int) -> ResponseReturnValue:
    """The dry run once more: buildings or people were added elsewhere meanwhile."""
    find_batch(batch_id)
    residents_import.check_import(batch_id, now=clock.now(), scope=scope())
    flash(_("The dry run was made anew."), "accepted")
    return to_batch(batch_id)


@blueprint.post("/<int:batch_id>/apply")
@needs(Permission.EDIT_PEOPLE)
def apply(batch_id: int) -> ResponseReturnValue:
    find_batch(batch_id)
    try:
        task_id = residents_import.apply_import(
            batch_id, by=me().login_id, now=clock.now(), scope=scope()
        )
    except Refused as refused:
        return _said(refused, to_batch(batch_id))
    return redirect(url_for("tasks.task", task_id=task_id), 303)


@blueprint.post("/<int:batch_id>/discard")
@needs(Permission.EDIT_PEOPLE)
def discard(batch_id: int) -> ResponseReturnValue:
    found = find_batch(batch_id)
    residents_upload.discard_import(batch_id, by=me().login_id, now=clock.now(), scope=scope())
    flash(_("%(file)s is forgotten.", file=found.file_name), "accepted")
    return redirect(url_for("imports.upload"), 303)


def _said(refused: Refused, back: ResponseReturnValue) -> ResponseReturnValue:
    """What a page can answer is said on it; the rest gets a page of its own."""
    if refused.refusal.code not in _SHOWN_ON_PAGE:
        raise refused
    flash(words_for(refused.refusal), "refused")
    return back


def _chosen() -> dict[int, Chosen]:
    found = {}
    for name, value in request.form.items():
        row_id = number_or_none(name.removeprefix(_ROW)) if name.startswith(_ROW) else None
        if row_id is None:
            continue
        resident_id = number_or_none(value.removeprefix("this:"))
        if value == "new":
            found[row_id] = Chosen(Fate.NEW)
        elif value == "skip":
            found[row_id] = Chosen(Fate.SKIP)
        elif value.startswith("this:") and resident_id is not None:
            found[row_id] = Chosen(Fate.UPDATE, resident_id)
    return found


def _places() -> list[PlaceChoice]:
    found = []
    for name, written in request.form.items():
        if not name.startswith(_WRITTEN):
            continue
        value = request.form.get(f"place-{name.removeprefix(_WRITTEN)}", "")
        number = number_or_none(value[1:])
        if number is not None and value[:1] == "b":
            found.append(PlaceChoice(written, building_id=number))
        elif number is not None and value[:1] == "a":
            found.append(PlaceChoice(written, area_id=number))
    return found
