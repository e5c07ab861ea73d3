"""The points of somebody who died: proposed by one person, approved by another."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.fields import SelectChoice

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Permission
from volunteer.domain.passbook_number import format_number
from volunteer.domain.people_search import parse_people_search
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.bequests import (
    BequestShown,
    find_receiver,
    read_bequest,
    read_bequests_of,
    read_relatives,
    read_waiting_bequests,
)
from volunteer.queries.person import PersonKey
from volunteer.services import bequests as service
from volunteer.web.admin import may
from volunteer.web.admin.forms import status_after
from volunteer.web.admin.people import find_key
from volunteer.web.asked import number_or_none
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope
from volunteer.web.language import pick

blueprint = Blueprint("bequests", __name__, url_prefix="/admin/people")

CARE_POOL, BY_NUMBER = "care_pool", "by_number"


class BequestForm(FlaskForm):
    to = RadioField(_l("Where do the points go?"), choices=[], default=CARE_POOL)
    number = StringField(_l("Passbook number"))


@blueprint.route("/<ref>/points-left", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def propose(ref: str) -> ResponseReturnValue:
    person = find_key(ref)
    if person.state != "deceased":
        raise refuse(Code.NOT_DECEASED)
    form = BequestForm()
    form.to.choices = _choices(person)
    status = status_after(form, lambda: _propose(form, person))
    if status is None:
        flash(_("Proposed. A second person has to approve it."), "accepted")
        return redirect(url_for("bequests.propose", ref=ref))
    proposals = read_bequests_of(scope(), person)
    page = render_template(
        "admin/bequest.html",
        form=form,
        person=person,
        proposals=proposals,
        waiting=next((one for one in proposals if one.state == "waiting"), None),
        may_approve=may(Permission.APPROVE_RECORDS, person.community_id),
        login_id=me().login_id,
    )
    return page, status


@blueprint.get("/points-left")
@needs(Permission.APPROVE_RECORDS)
def waiting() -> ResponseReturnValue:
    community = current_community()
    found = read_waiting_bequests(scope(), community.community_id)
    return render_template(
        "admin/bequests.html", community=community, bequests=found, login_id=me().login_id
    )


@blueprint.post("/points-left/<int:bequest_id>/approve")
@needs(Permission.APPROVE_RECORDS)
def approve(bequest_id: int) -> ResponseReturnValue:
    found = _find(bequest_id)
    by, now = me().login_id, clock.now()
    points = service.approve_bequest(bequest_id, by=by, now=now, scope=scope())
    flash(_("Approved. %(points)s points were passed on.", points=f"{points:,}"), "accepted")
    return redirect(url_for("people.resident", ref=found.ref))


@blueprint.post("/points-left/<int:bequest_id>/withdraw")
@needs(Permission.EDIT_PEOPLE)
def withdraw(bequest_id: int) -> ResponseReturnValue:
    found = _find(bequest_id)
    service.withdraw_bequest(bequest_id, by=me().login_id, now=clock.now(), scope=scope())
    flash(_("Withdrawn. The points stay in the passbook."), "accepted")
    return redirect(url_for("bequests.propose", ref=found.ref))


def _propose(form: BequestForm, person: PersonKey) -> None:
    """Raises Refused: ``number_invalid``, and what the service refuses."""
    to_id = None
    if form.to.data == BY_NUMBER:
        number = parse_people_search(form.number.data or "").passbook_number
        to_id = find_receiver(scope(), person.community_id, number) if number else None
        if to_id is None:
            raise refuse(Code.NUMBER_INVALID, field="number")
    elif form.to.data != CARE_POOL:
        to_id = number_or_none(form.to.data)
    service.propose_bequest(
        person.resident_id, to_id, by=me().login_id, now=clock.now(), scope=scope()
    )


def _choices(person: PersonKey) -> list[SelectChoice]:
    family = [
        SelectChoice(
            str(one.resident_id),
            f"{pick(one.name, one.name_en)} · {format_number(one.passbook_number)}",
        )
        for one in read_relatives(scope(), person)
    ]
    other = SelectChoice(BY_NUMBER, _("Somebody else of the family, by passbook number"))
    return [*family, other, SelectChoice(CARE_POOL, _("The care pool"))]


def _find(bequest_id: int) -> BequestShown:
    found = read_bequest(scope(), bequest_id)
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found
