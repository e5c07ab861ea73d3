"""The forms of a visiting team: who they are, and the list of their names. At an event and in the
office alike."""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID, uuid4

from flask import current_app, request
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Permission
from volunteer.domain.age import AgeBand
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.visiting_teams import MOST_IN_TEAM, ListedName, parse_list
from volunteer.queries.organisations import read_kinds
from volunteer.queries.visiting_teams import TeamRow
from volunteer.services.team_people import ListOfPeople, add_people
from volunteer.services.visiting_teams import TeamDetails
from volunteer.web.admin.forms import picked
from volunteer.web.admin.places import WholeNumberField
from volunteer.web.asked import number_or_none
from volunteer.web.gate import me, scope
from volunteer.web.recorder import staff_recorder


class TeamForm(FlaskForm):
    name = StringField(
        _l("Name of the team"), validators=[InputRequired(_l("Please enter a name."))]
    )
    name_en = StringField(_l("English name"))
    kind = SelectField(_l("They come from"))
    expected = WholeNumberField(
        _l("How many are expected"),
        validators=[Optional(), NumberRange(1, MOST_IN_TEAM, _l("From 1 to 200, please."))],
    )
    contact = StringField(_l("Contact person"))
    contact_phone = StringField(_l("Contact's phone number"))
    has_minors = BooleanField(_l("There are children or young people under 18 among them"))
    accompanied_by = StringField(_l("Adult who accompanies them"))
    agrees = BooleanField(_l("This adult agrees for those under 14"))


class AgreementForm(FlaskForm):
    accompanied_by = StringField(
        _l("Adult who accompanies them"), validators=[InputRequired(_l("Please enter a name."))]
    )
    agrees = BooleanField(
        _l("This adult agrees for those under 14"),
        validators=[InputRequired(_l("Without the guardian's consent nothing may be kept."))],
    )


class NamesForm(FlaskForm):
    """``listed`` is the preview, None until the list was looked at."""

    names = TextAreaField(
        _l("Names"), validators=[InputRequired(_l("Please enter at least one name."))]
    )
    age_band = RadioField(
        _l("How old are those on this list?"),
        choices=[SelectChoice(band.value, words.BANDS[band]) for band in reversed(AgeBand)],
    )
    form_id = HiddenField()
    listed: tuple[ListedName, ...] | None = None

    @classmethod
    def of(cls, team: TeamRow) -> Self:
        band = AgeBand.UNDER_14 if team.has_minors else AgeBand.ADULT
        return cls(age_band=band.value, form_id=uuid4().hex)


def kinds(community_id: int) -> list[SelectChoice]:
    rows = read_kinds(scope(), community_id)
    return picked(((row.kind_id, row.name, row.name_en) for row in rows), _("Please choose"))


def details_of(form: TeamForm) -> TeamDetails:
    """Raises Refused: ``name_missing`` (an adult agrees, but who?)."""
    adult = (form.accompanied_by.data or "").strip()
    if form.agrees.data and not adult:
        raise refuse(Code.NAME_MISSING, field="accompanied_by")
    return TeamDetails(
        name=form.name.data or "",
        kind_id=number_or_none(form.kind.data),
        name_en=form.name_en.data or "",
        contact=form.contact.data or "",
        contact_phone=form.contact_phone.data or "",
        expected=form.expected.data,
        has_minors=bool(form.has_minors.data),
        accompanied_by=adult if form.agrees.data else "",
    )


def add_listed(form: NamesForm, team: TeamRow, known: list[str], event_id: int | None) -> list[int]:
    """Show the list (then nothing is given back), or write down who is ticked on it: how many were
    new. Raises Refused as ``parse_list`` and ``add_people``."""
    form.listed = parse_list(form.names.data or "", known)
    if request.form.get("step") != "save":
        return []
    ticked = set(request.form.getlist("who"))
    names = [one.name for one in form.listed if str(one.number) in ticked and one.name]
    if not names:
        raise refuse(Code.NOBODY_TICKED)
    people = ListOfPeople(
        team.team_id,
        tuple(names),
        form.age_band.data or "",
        _form_id(form),
        vouched=me().can(Permission.EDIT_PEOPLE, team.community_id),
        event_id=event_id,
    )
    keys: Any = current_app.extensions["keys"]
    recorder = staff_recorder(me())
    return [add_people(people, recorder, keys=keys, now=clock.now(), scope=scope())]


def _form_id(form: NamesForm) -> UUID:
    try:
        return UUID(form.form_id.data or "")
    except ValueError:
        raise refuse(Code.SCAN_ID_INVALID) from None
