"""/admin/people/duplicates: who may be written down twice, side by side."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import gettext as _
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.duplicates import read_alike_to, read_duplicates
from volunteer.services import merges as service
from volunteer.web.admin import today
from volunteer.web.admin.people import find_key
from volunteer.web.asked import number_or_none
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("duplicates", __name__, url_prefix="/admin/people")


@blueprint.get("/duplicates")
@needs(Permission.EDIT_PEOPLE)
def duplicates() -> ResponseReturnValue:
    community = current_community()
    page = number_or_none(request.args.get("page")) or 1
    return render_template(
        "admin/duplicates.html",
        community=community,
        pairs=read_duplicates(scope(), community.community_id, page, today=today()),
        url_of=lambda number: url_for("duplicates.duplicates", page=number),
        words=words,
    )


@blueprint.post("/duplicates/apart")
@needs(Permission.EDIT_PEOPLE)
def tell_apart() -> ResponseReturnValue:
    """Two people who only look alike; from the list, or from one of the two's own page."""
    one, other = (find_key(request.form.get(name, "")) for name in ("one", "other"))
    service.tell_apart(
        one.community_id,
        [(one.resident_id, other.resident_id)],
        by=me().login_id,
        now=clock.now(),
        scope=scope(),
    )
    flash(_("Remembered: they are two people. Nobody is asked about them again."), "accepted")
    back = request.args.get("back")
    if back in (one.ref, other.ref):
        return redirect(url_for("duplicates.alike", ref=back), 303)
    return redirect(url_for("duplicates.duplicates"), 303)


@blueprint.get("/<ref>/alike")
@needs(Permission.EDIT_PEOPLE)
def alike(ref: str) -> ResponseReturnValue:
    """Who may be this person written down a second time."""
    person = find_key(ref)
    found = read_alike_to(scope(), person.community_id, person.resident_id, today=today())
    if found is None:
        raise refuse(Code.NOT_FOUND)
    own, others = found
    return render_template("admin/alike.html", own=own, alike=others, words=words)
