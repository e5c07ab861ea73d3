"""Who may act for a person, what was agreed to, and which youth groups they belong to."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.consent_words import TEXTS
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Permission, Relation
from volunteer.domain.consents import TEXT_VERSIONS, Consent
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.person import read_links
from volunteer.queries.youth_groups import read_group_choices
from volunteer.services import acts_for, consents, youth_groups
from volunteer.web.admin import today
from volunteer.web.admin.forms import choices_of, day_field, picked, status_after
from volunteer.web.admin.people import find_key
from volunteer.web.asked import number_or_none
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("family", __name__, url_prefix="/admin/people/<ref>")

_RELATIONS = choices_of(
    {one.value: words.RELATIONS[one] for one in (Relation.GUARDIAN, Relation.HELPER)}
)


class LinkForm(FlaskForm):
    phone = StringField(
        _l("Their phone"), validators=[InputRequired(_l("Please enter the phone number."))]
    )
    relation = RadioField(_l("Who they are"), choices=_RELATIONS, default=Relation.GUARDIAN.value)
    starts_on = day_field(_l("First day"))
    ends_on = day_field(_l("Last day"), needed=False)


class ConsentForm(FlaskForm):
    given = RadioField(
        _l("Answer"),
        choices=choices_of({"yes": _l("Agrees"), "no": _l("Takes it back")}),
        default="yes",
    )
    given_by = StringField(
        _l("Who signed"), validators=[InputRequired(_l("Please write who signed."))]
    )


class JoinForm(FlaskForm):
    youth_group = SelectField(
        _l("Youth group"), validators=[InputRequired(_l("Please choose one."))]
    )
    starts_on = day_field(_l("First day"))


@blueprint.route("/links/new", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def add_link(ref: str) -> ResponseReturnValue:
    person = find_key(ref)
    form = LinkForm(starts_on=today())

    def save() -> None:
        new = acts_for.NewLink(
            phone=form.phone.data or "",
            relation=Relation(form.relation.data),
            starts_on=form.starts_on.data,
            ends_on=form.ends_on.data,
        )
        acts_for.add_link(person.resident_id, new, by=me().login_id, now=clock.now(), scope=scope())

    status = status_after(form, save)
    if status is None:
        flash(_("Saved. They see this passbook from now on."), "accepted")
        return redirect(url_for("people.resident", ref=ref))
    return render_template("admin/link_new.html", form=form, person=person), status


@blueprint.route("/links/<int:link_id>/end", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def end_link(ref: str, link_id: int) -> ResponseReturnValue:
    person = find_key(ref)
    link = next((one for one in read_links(scope(), person) if one.link_id == link_id), None)
    if link is None:
        raise refuse(Code.NOT_FOUND)
    form = FlaskForm()
    status = status_after(
        form,
        lambda: acts_for.end_link(link_id, by=me().login_id, now=clock.now(), scope=scope()),
    )
    if status is None:
        flash(_("Saved. This login no longer sees the passbook."), "accepted")
        return redirect(url_for("people.resident", ref=ref))
    return render_template(
        "admin/link_end.html", form=form, person=person, link=link, words=words
    ), status


@blueprint.route("/consents/<what>", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def consent(ref: str, what: str) -> ResponseReturnValue:
    person = find_key(ref)
    if what not in tuple(Consent):
        raise refuse(Code.NOT_FOUND)
    kind = Consent(what)
    form = ConsentForm()

    def save() -> None:
        answer = consents.Answer(kind, form.given.data == "yes", form.given_by.data or "")
        consents.record_consent(
            person.resident_id, answer, by=me().login_id, now=clock.now(), scope=scope()
        )

    status = status_after(form, save)
    if status is None:
        flash(_("Written down."), "accepted")
        return redirect(url_for("people.resident", ref=ref))
    return render_template(
        "admin/consent.html",
        form=form,
        person=person,
        kind=kind,
        words=words,
        version=TEXT_VERSIONS[kind],
        texts=TEXTS[kind],
    ), status


@blueprint.route("/groups/new", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def join(ref: str) -> ResponseReturnValue:
    person = find_key(ref)
    form = JoinForm(starts_on=today())
    form.youth_group.choices = picked(read_group_choices(scope(), person.community_id))

    def save() -> None:
        youth_groups.add_member(
            number_or_none(form.youth_group.data) or 0,
            person.resident_id,
            form.starts_on.data,
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        )

    status = status_after(form, save)
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("people.resident", ref=ref))
    return render_template("admin/join.html", form=form, person=person), status
