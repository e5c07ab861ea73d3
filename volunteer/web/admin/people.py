"""/admin/people: the register of residents, and one person's page."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Permission
from volunteer.domain.duplicates import Described
from volunteer.domain.people import AddedPerson, Home, NewPerson
from volunteer.domain.people_search import parse_people_search
from volunteer.domain.phone import mask_phone
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.resident_states import STATES
from volunteer.queries.described import Side
from volunteer.queries.duplicates import Alike, Correction, read_alike, read_alike_to
from volunteer.queries.people import SHOWS, PeopleFilter, find_person, read_people
from volunteer.queries.person import PersonKey, read_person, read_person_key
from volunteer.queries.places import read_building_choices
from volunteer.queries.youth_groups import read_group_choices
from volunteer.services import people as service
from volunteer.services.people import PersonDetails
from volunteer.web.admin import may, today
from volunteer.web.admin.forms import (
    PlaceField,
    choices_of,
    day_field,
    kept_filters,
    picked,
    status_after,
)
from volunteer.web.asked import number_or_none
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("people", __name__, url_prefix="/admin/people")
blueprint.add_app_template_filter(mask_phone, "masked_phone")

VOLUNTEER_NUMBER = "义工号"
"""The number that Shenzhen's volunteers are known by; other systems can be added by name."""


class DetailsForm(FlaskForm):
    name = StringField(_l("Name"), validators=[InputRequired(_l("Please enter a name."))])
    name_en = StringField(_l("English name"))
    birth_date = day_field(_l("Birth date"), needed=False)
    age_band = SelectField(
        _l("Age, when there is no birth date"),
        choices=choices_of(words.BANDS, _l("Not chosen")),
    )


class NewPersonForm(DetailsForm):
    place = PlaceField(_l("Building"))
    room = StringField(_l("Room"))
    kind = SelectField(_l("How they belong here"), choices=choices_of(words.RESIDENCE_KINDS))
    starts_on = day_field(_l("First day"))
    youth_group = SelectField(_l("Youth group"))
    consent_by = StringField(_l("Guardian who signed the consent"))
    volunteer_number = StringField(_l("Volunteer number"))


class StateForm(FlaskForm):
    day = day_field(_l("Day"))


@blueprint.get("")
@needs(Permission.SEE_PEOPLE)
def residents() -> ResponseReturnValue:
    community = current_community()
    search = parse_people_search(request.args.get("q", ""))
    ref = find_person(scope(), community.community_id, search)
    if ref:
        # A card that was scanned, or a whole number: straight to the one person it names.
        return redirect(url_for("people.resident", ref=ref))
    state, show = request.args.get("state", ""), request.args.get("show", "")
    wanted = PeopleFilter(
        search=search,
        building_id=number_or_none(request.args.get("building")),
        state=state if state in (*STATES, "all") else "",
        show=show if show in SHOWS else "",
    )
    page = number_or_none(request.args.get("page")) or 1
    found = read_people(scope(), community.community_id, wanted, page, today=today())
    kept = kept_filters("q", "building", "state", "show")
    return render_template(
        "admin/people.html",
        community=community,
        people=found,
        wanted=wanted,
        filtered=bool(kept),
        buildings=read_building_choices(scope(), community.community_id),
        url_of=lambda number: url_for("people.residents", **kept, page=number),
        words=words,
        may_edit=may(Permission.EDIT_PEOPLE, community.community_id),
        may_replace=may(Permission.REPLACE_CARD, community.community_id),
        may_reset=may(Permission.RESET_PIN, community.community_id),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def add() -> ResponseReturnValue:
    community = current_community()
    form = NewPersonForm(starts_on=today(), volunteer_number="")
    form.place.offer(scope(), community.community_id)
    groups = read_group_choices(scope(), community.community_id)
    form.youth_group.choices = picked(groups, _("None"))
    added: list[AddedPerson] = []
    if request.method == "POST" and form.validate():
        alike = _alike_to_new(_new_person(form), community.community_id)
        if _unasked(alike):
            return _ask(form, alike, None)

    def save() -> None:
        added.append(
            service.add_resident(
                community.community_id,
                _new_person(form),
                keys=current_app.extensions["keys"],
                by=me().login_id,
                now=clock.now(),
                scope=scope(),
            )
        )

    status = status_after(form, save)
    if status is None:
        flash(_("%(name)s now has a love passbook.", name=form.name.data), "accepted")
        return redirect(url_for("resident_cards.ready", card_id=added[0].card_id))
    page = render_template("admin/person_new.html", form=form, community=community)
    return page, status


@blueprint.get("/<ref>")
@needs(Permission.SEE_PEOPLE)
def resident(ref: str) -> ResponseReturnValue:
    now = clock.now()
    person = read_person(scope(), ref, now, today())
    if person is None:
        raise refuse(Code.NOT_FOUND)
    community_id = person.key.community_id
    if person.is_minor:
        service.record_minor_opened(
            person.key.resident_id, by=me().login_id, now=now, scope=scope()
        )
    return render_template(
        "admin/person.html",
        person=person,
        words=words,
        today=today(),
        may_edit=may(Permission.EDIT_PEOPLE, community_id),
        may_replace=may(Permission.REPLACE_CARD, community_id),
        may_reset=may(Permission.RESET_PIN, community_id),
        may_see_ledger=may(Permission.SEE_LEDGER, community_id),
        may_see_audit=may(Permission.SEE_AUDIT, community_id),
    )


@blueprint.route("/<ref>/edit", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def edit(ref: str) -> ResponseReturnValue:
    person = find_key(ref)
    form = DetailsForm(
        name=person.name,
        name_en=person.name_en,
        birth_date=person.birth_date,
        age_band=person.age_band or "",
    )

    if request.method == "POST" and form.validate():
        own, alike = _alike_to_edited(form, person)
        if _unasked(alike):
            return _ask(form, alike, own)

    def save() -> None:
        details = PersonDetails(
            name=form.name.data or "",
            name_en=form.name_en.data or None,
            birth_date=form.birth_date.data,
            age_band=form.age_band.data or None,
            not_same_as=_told_apart(),
        )
        service.edit_resident(
            person.resident_id, details, by=me().login_id, now=clock.now(), scope=scope()
        )

    status = status_after(form, save)
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("people.resident", ref=ref))
    return render_template("admin/person_edit.html", form=form, person=person), status


@blueprint.route("/<ref>/state/<state>", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def state(ref: str, state: str) -> ResponseReturnValue:
    """Moved away, died, is back: asked on a page that says what follows."""
    person = find_key(ref)
    if state not in ("active", "moved_away", "deceased", "rejected"):
        raise refuse(Code.NOT_FOUND)
    form = StateForm(day=today())
    status = status_after(
        form,
        lambda: service.change_resident_state(
            person.resident_id,
            state,
            form.day.data,
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        ),
    )
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("people.resident", ref=ref))
    return render_template("admin/person_state.html", form=form, person=person, state=state), status


class NumberForm(FlaskForm):
    system = StringField(
        _l("Which system"), validators=[InputRequired(_l("Please name the system."))]
    )
    number = StringField(_l("Number"))


@blueprint.route("/<ref>/number", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def number(ref: str) -> ResponseReturnValue:
    """A person's number in another system; emptied, it is removed."""
    person = find_key(ref)
    form = NumberForm(
        system=request.args.get("system") or VOLUNTEER_NUMBER, number=request.args.get("number")
    )
    status = status_after(
        form,
        lambda: service.set_external_number(
            person.resident_id,
            form.system.data or "",
            form.number.data or "",
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        ),
    )
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("people.resident", ref=ref))
    return render_template("admin/person_number.html", form=form, person=person), status


def find_key(ref: str) -> PersonKey:
    """The person an address is about. Raises Refused: ``not_found``."""
    person = read_person_key(scope(), ref)
    if person is None:
        raise refuse(Code.NOT_FOUND)
    return person


def _alike_to_new(person: NewPerson, community_id: int) -> tuple[Alike, ...]:
    """Who here may be the person that is about to be added."""
    home = person.home
    wanted = Described(
        resident_id=0,
        name=person.name,
        building_ids=frozenset({home.building_id} if home and home.building_id else ()),
        numbers=frozenset(person.external_numbers),
        birth_date=person.birth_date,
        age_band=person.age_band,
    )
    return read_alike(scope(), community_id, wanted, today=today())


def _alike_to_edited(form: DetailsForm, person: PersonKey) -> tuple[Side, tuple[Alike, ...]]:
    """The person, and who may be the same once this is saved."""

    correction = Correction(form.name.data or "", form.birth_date.data, form.age_band.data or None)
    found = read_alike_to(
        scope(), person.community_id, person.resident_id, correction, today=today()
    )
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found


def _unasked(alike: tuple[Alike, ...]) -> bool:
    """Whether somebody is among them whom this form has not told apart yet."""
    return not {one.side.resident_id for one in alike} <= set(_told_apart())


def _told_apart() -> tuple[int, ...]:
    """Whom the form says to be somebody else, as the page before asked."""
    numbers = (number_or_none(text) for text in request.form.getlist("not_same_as"))
    return tuple(number for number in numbers if number is not None)


def _ask(form: DetailsForm, alike: tuple[Alike, ...], own: Side | None) -> str:
    return render_template(
        "admin/alike_asked.html",
        form=form,
        own=own,
        alike=alike,
        action=request.full_path.rstrip("?"),
        words=words,
    )


def _new_person(form: NewPersonForm) -> NewPerson:
    area_id, building_id = form.place.place
    number = (form.volunteer_number.data or "").strip()
    return NewPerson(
        name=form.name.data or "",
        name_en=form.name_en.data or None,
        birth_date=form.birth_date.data,
        age_band=form.age_band.data or None,
        home=Home(
            starts_on=form.starts_on.data,
            kind=form.kind.data or "lives",
            area_id=area_id,
            building_id=building_id,
            room=form.room.data or None,
        ),
        youth_group_id=number_or_none(form.youth_group.data),
        guardian_consent_by=form.consent_by.data or None,
        external_numbers=((VOLUNTEER_NUMBER, number),) if number else (),
        not_same_as=_told_apart(),
    )
