"""/admin/teams: visiting teams, their people, and what each did here."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import ngettext
from volunteer.documents.refusals import words_for
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.queries.visiting_teams import (
    TeamRow,
    read_team,
    read_team_members,
    read_team_visits,
    read_teams,
)
from volunteer.services import team_people, walk_ins
from volunteer.services import visiting_teams as service
from volunteer.web.admin import may, today
from volunteer.web.admin.forms import status_after
from volunteer.web.admin.people import find_key
from volunteer.web.admin.team_forms import (
    AgreementForm,
    NamesForm,
    TeamForm,
    add_listed,
    details_of,
    kinds,
)
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("visiting_teams", __name__, url_prefix="/admin/teams")


@blueprint.get("")
@needs(Permission.SEE_PEOPLE)
def visiting_teams() -> ResponseReturnValue:
    community = current_community()
    q, inactive = request.args.get("q", "")[:80], request.args.get("show") == "all"
    rows = read_teams(scope(), community.community_id, today=today(), q=q, inactive=inactive)
    return render_template(
        "admin/teams.html",
        community=community,
        rows=rows,
        q=q,
        inactive=inactive,
        may_edit=may(Permission.EDIT_PEOPLE, community.community_id),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def add() -> ResponseReturnValue:
    community = current_community()
    form = TeamForm()
    form.kind.choices = kinds(community.community_id)
    made: list[int] = []
    more = _by()
    status = status_after(
        form,
        lambda: made.append(service.add_team(community.community_id, details_of(form), **more)),
    )
    if status is not None:
        return render_template("admin/team_form.html", form=form, team=None), status
    flash(_("Saved."), "accepted")
    return redirect(url_for("visiting_teams.team", team_id=made[0]), 303)


@blueprint.get("/<int:team_id>")
@needs(Permission.SEE_PEOPLE)
def team(team_id: int) -> ResponseReturnValue:
    found = _find(team_id)
    former = request.args.get("show") == "all"
    return render_template(
        "admin/team.html",
        team=found,
        members=read_team_members(found, today=today(), former=former),
        visits=read_team_visits(found),
        former=former,
        words=words,
        may_edit=may(Permission.EDIT_PEOPLE, found.community_id),
        may_print=may(Permission.REPLACE_CARD, found.community_id),
    )


@blueprint.route("/<int:team_id>/edit", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def edit(team_id: int) -> ResponseReturnValue:
    found = _find(team_id)
    form = TeamForm(
        name=found.name,
        name_en=found.name_en,
        kind=str(found.kind_id),
        expected=found.expected,
        contact=found.contact,
        contact_phone=found.contact_phone,
        has_minors=found.has_minors,
    )
    form.kind.choices = kinds(found.community_id)
    more = _by()
    status = status_after(form, lambda: service.edit_team(team_id, details_of(form), **more))
    if status is not None:
        return render_template("admin/team_form.html", form=form, team=found), status
    flash(_("Saved."), "accepted")
    return redirect(url_for("visiting_teams.team", team_id=team_id), 303)


@blueprint.route("/<int:team_id>/consent", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def agree(team_id: int) -> ResponseReturnValue:
    """The adult who accompanies a class agrees for its children."""
    found = _find(team_id)
    form = AgreementForm(accompanied_by=found.consent_by or found.contact)
    more = _by()
    status = status_after(
        form, lambda: service.agree_for_team(team_id, form.accompanied_by.data or "", **more)
    )
    if status is not None:
        back = url_for("visiting_teams.team", team_id=team_id)
        return render_template("admin/team_consent.html", form=form, back=back, team=found), status
    flash(_("Saved."), "accepted")
    return redirect(url_for("visiting_teams.team", team_id=team_id), 303)


@blueprint.route("/<int:team_id>/names", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def names(team_id: int) -> ResponseReturnValue:
    found = _find(team_id)
    form = NamesForm.of(found)
    known = [one.name for one in read_team_members(found, today=today())]
    added: list[int] = []
    status = status_after(form, lambda: added.extend(add_listed(form, found, known, None)))
    back = url_for("visiting_teams.team", team_id=team_id)
    if not added:
        page = render_template(
            "scanner/team_names.html",
            team=found,
            form=form,
            back=back,
            listed=form.listed,
            words_of=words_for,
        )
        return page, status or 200
    said = ngettext(
        "%(num)d person is in the team now.", "%(num)d people are in the team now.", added[0]
    )
    flash(said if added[0] else _("Everybody on the list was in the team before."), "accepted")
    return redirect(back, 303)


@blueprint.post("/<int:team_id>/confirm")
@needs(Permission.EDIT_PEOPLE)
def confirm(team_id: int) -> ResponseReturnValue:
    """Everybody of the team who waits for it, in one tap."""
    found = _find(team_id)
    members = read_team_members(found, today=today(), former=True)
    ids = [one.resident_id for one in members if one.provisional]
    more = _by()
    try:
        done = walk_ins.confirm(found.community_id, ids, **more)
    except Refused as refused:
        flash(words_for(refused.refusal), "refused")
    else:
        flash(
            ngettext(
                "%(num)d person confirmed. What they earned is in the passbook.",
                "%(num)d people confirmed. What they earned is in their passbooks.",
                done,
            ),
            "accepted",
        )
    return redirect(url_for("visiting_teams.team", team_id=team_id), 303)


@blueprint.post("/<int:team_id>/people/<ref>/end")
@needs(Permission.EDIT_PEOPLE)
def end_member(team_id: int, ref: str) -> ResponseReturnValue:
    """Somebody is in the team no more; what they did with it stays."""
    person = find_key(ref)
    more = _by()
    team_people.end_member(team_id, person.resident_id, today(), **more)
    flash(_("Saved."), "accepted")
    return redirect(url_for("visiting_teams.team", team_id=team_id), 303)


@blueprint.post("/<int:team_id>/active")
@needs(Permission.EDIT_PEOPLE)
def set_active(team_id: int) -> ResponseReturnValue:
    active = request.form.get("active") == "1"
    more = _by()
    service.set_team_active(team_id, active, **more)
    flash(_("Back in use.") if active else _("No longer offered."), "accepted")
    return redirect(url_for("visiting_teams.team", team_id=team_id), 303)


def _by() -> dict[str, Any]:
    """Who does it, when, and where they may."""
    return {"by": me().login_id, "now": clock.now(), "scope": scope()}


def _find(team_id: int) -> TeamRow:
    found = read_team(scope(), team_id, today=today())
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found
