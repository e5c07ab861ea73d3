"""/admin/people/<ref>/merge: two passbooks of one person, side by side, become one; and back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField
from wtforms.fields import SelectChoice

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Permission
from volunteer.domain.passbook_number import format_number
from volunteer.domain.people_search import parse_people_search
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.duplicates import read_two
from volunteer.queries.merges import MergeShown, read_merge, read_merges_of
from volunteer.queries.people import PeopleFilter, read_people
from volunteer.queries.person import PersonKey
from volunteer.services import merges as service
from volunteer.services.merges import Wish
from volunteer.web.admin import may, today
from volunteer.web.admin.forms import status_after
from volunteer.web.admin.people import find_key
from volunteer.web.gate import me, needs, scope
from volunteer.web.language import pick

blueprint = Blueprint("merges", __name__, url_prefix="/admin/people")


class MergeForm(FlaskForm):
    keep = RadioField(_l("Which passbook goes on?"), choices=[])
    with_sign_ins = BooleanField(_l("Whoever signs in for the closed passbook goes along"))


@blueprint.get("/<ref>/merge")
@needs(Permission.EDIT_PEOPLE)
def choose(ref: str) -> ResponseReturnValue:
    """Find the other passbook of somebody whom no likeness led to."""
    person = find_key(ref)
    text = request.args.get("q", "")
    found: tuple[Any, ...] = ()
    if text.strip():
        wanted = PeopleFilter(search=parse_people_search(text))
        people = read_people(scope(), person.community_id, wanted, 1, today=today())
        found = tuple(row for row in people.rows if _may_be_merged(row, person))
    return render_template("admin/merge_choose.html", person=person, text=text, people=found)


def _may_be_merged(row: Any, person: PersonKey) -> bool:
    live = row.state in ("active", "provisional", "moved_away")
    return row.resident_id != person.resident_id and live and not row.is_guest


@blueprint.route("/<ref>/merge/<other>", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def merge(ref: str, other: str) -> ResponseReturnValue:
    """Asked in two steps: which one goes on, then what that does."""
    person, twin = find_key(ref), find_key(other)
    form = MergeForm(keep=request.args.get("keep") or _usual_keep(person, twin).ref)
    form.keep.choices = [_choice(one) for one in (person, twin)]
    if request.form.get("step") == "merge":
        return _merge(form, person, twin)
    seen: list[Any] = []

    def look() -> None:
        by, now = me().login_id, clock.now()
        wish = _wish(form, person, twin)
        seen.append(service.preview_merge(wish, by=by, now=now, scope=scope()))

    status = status_after(form, look)
    if status is not None:
        return _ask(form, person, twin), status
    kept, gone = (person, twin) if form.keep.data == person.ref else (twin, person)
    return render_template(
        "admin/merge_preview.html",
        form=form,
        merged=seen[0],
        person=person,
        other=twin,
        kept=kept,
        gone=gone,
    )


def _merge(form: MergeForm, person: PersonKey, twin: PersonKey) -> ResponseReturnValue:
    done: list[Any] = []

    def save() -> None:
        by, now = me().login_id, clock.now()
        wish = _wish(form, person, twin)
        done.append(service.merge_residents(wish, by=by, now=now, scope=scope()))

    status = status_after(form, save)
    if status is not None:
        return _ask(form, person, twin), status
    flash(_("Merged. Everything is in one passbook now."), "accepted")
    return redirect(url_for("merges.done", merge_id=done[0].merge_id))


@blueprint.get("/<ref>/merges")
@needs(Permission.SEE_PEOPLE)
def merges_of(ref: str) -> ResponseReturnValue:
    person = find_key(ref)
    merges = read_merges_of(scope(), person)
    return render_template("admin/merges_of.html", person=person, merges=merges)


@blueprint.get("/merges/<int:merge_id>")
@needs(Permission.SEE_PEOPLE)
def done(merge_id: int) -> ResponseReturnValue:
    return _shown(_find(merge_id), FlaskForm())


@blueprint.post("/merges/<int:merge_id>/undo")
@needs(Permission.EDIT_PEOPLE)
def undo(merge_id: int) -> ResponseReturnValue:
    found = _find(merge_id)
    form = FlaskForm()
    status = status_after(
        form,
        lambda: service.undo_merge(merge_id, by=me().login_id, now=clock.now(), scope=scope()),
    )
    if status is not None:
        return _shown(found, form), status
    flash(_("Undone. They are two passbooks again."), "accepted")
    return redirect(url_for("merges.done", merge_id=merge_id))


def _find(merge_id: int) -> MergeShown:
    found = read_merge(scope(), merge_id)
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found


def _shown(found: MergeShown, form: FlaskForm) -> str:
    may_edit = may(Permission.EDIT_PEOPLE, found.community_id)
    return render_template("admin/merge_done.html", merge=found, form=form, may_edit=may_edit)


def _ask(form: MergeForm, person: PersonKey, twin: PersonKey) -> str:
    both = (person, twin)
    community_id = person.community_id
    ids = [one.resident_id for one in both if one.community_id == community_id]
    sides = read_two(scope(), community_id, ids, today=today())
    return render_template(
        "admin/merge.html",
        form=form,
        person=person,
        sides=[sides[one] for one in ids if one in sides],
        notes={one.ref: str(words.STATES[one.state]) for one in both},
        words=words,
    )


def _usual_keep(person: PersonKey, twin: PersonKey) -> PersonKey:
    """Somebody confirmed goes on before somebody who is not; else the one that was opened."""
    return twin if person.state == "provisional" and twin.state != "provisional" else person


def _choice(person: PersonKey) -> SelectChoice:
    number = format_number(person.passbook_number)
    return SelectChoice(person.ref, f"{pick(person.name, person.name_en)} · {number}")


def _wish(form: MergeForm, person: PersonKey, twin: PersonKey) -> Wish:
    """Raises Refused: ``choice_missing``."""
    by_ref = {person.ref: person.resident_id, twin.ref: twin.resident_id}
    kept_id = by_ref.get(form.keep.data or "")
    if kept_id is None:
        raise refuse(Code.CHOICE_MISSING, field="keep")
    gone_id = person.resident_id if kept_id == twin.resident_id else twin.resident_id
    return Wish(kept_id, gone_id, with_sign_ins=bool(form.with_sign_ins.data))
