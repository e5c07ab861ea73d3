"""What the forms of the registers share: saving, showing what was refused, choosing a place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import DateField, SelectChoice, SelectField
from wtforms.validators import InputRequired, Optional

from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import status_of, words_for
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, Refusal, Refused
from volunteer.queries.places import read_area_choices, read_building_choices
from volunteer.web.asked import is_a_usual_day, number_or_none
from volunteer.web.language import pick

_FIELD_OF = {
    Code.NAME_MISSING: "name",
    Code.NAME_TOO_LONG: "name",
    Code.NAME_CHARACTERS: "name",
    Code.BIRTH_DATE_IN_FUTURE: "birth_date",
    Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED: "birth_date",
    Code.DATE_INVALID: "birth_date",
    Code.PHONE_INVALID: "phone",
    Code.PHONE_TAKEN: "phone",
    Code.SECRET_WRONG: "secret",
    Code.ACTIVATION_CODE_WRONG: "code",
    Code.ACTIVATION_CODE_EXPIRED: "code",
    Code.ACTIVATION_CODE_USED_UP: "code",
    Code.LOGIN_UNKNOWN: "phone",
    Code.ALREADY_EXISTS: "name",
    Code.DATES_REVERSED: "ends_on",
    Code.REASON_MISSING: "reason",
    Code.CARD_NAME_DIFFERS: "name",
} | {code: "sheet" for code in Code if code.value.startswith("sheet_")}
_PAGES = frozenset({Code.NOT_FOUND, Code.PERMISSION_MISSING})
"""Refusals that are no answer to what was typed: they get a page of their own."""


def status_after(form: FlaskForm, save: Callable[[], object]) -> int | None:
    """Try to save a form that was sent. None when it is saved; else the HTTP status of the page
    that shows it again, with what is wrong beside the field it is about."""
    if request.method != "POST":
        return 200
    if not form.validate():
        return 422
    try:
        save()
    except Refused as refused:
        if refused.refusal.code in _PAGES:
            raise
        show_refusal(form, refused.refusal)
        return status_of(refused.refusal.code)
    return None


def show_refusal(form: FlaskForm, refusal: Refusal) -> None:
    """Put a refusal's words beside its field, or above the form."""
    name = str(refusal.facts.get("field") or _FIELD_OF.get(refusal.code, ""))
    words = words_for(refusal)
    if name in form:
        form[name].errors = [*form[name].errors, words]
    else:
        form.form_errors = [*form.form_errors, words]


def day_field(label: Any, *, needed: bool = True) -> DateField:
    """A day, as the browser's own calendar; the words of a wrong one are ours."""
    missing = InputRequired(_l("Please enter a date.")) if needed else Optional()
    return OurDateField(label, validators=[missing])


class OurDateField(DateField):
    """WTForms' own words for a bad date are not in our catalogue."""

    data: date | None

    def process_formdata(self, valuelist: list[str]) -> None:
        wrong = _("This is not a date. Please check it.")
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(wrong) from None
        if self.data is not None and not is_a_usual_day(self.data):
            self.data = None
            raise ValueError(wrong)


class PlaceField(SelectField):
    """Where somebody lives: a building, or an area when the building is not known.

    Its value is ``b12`` or ``a3``; ``place`` gives (area_id, building_id).
    """

    def __init__(self, label: Any = None, **more: Any) -> None:
        super().__init__(label, choices=[], **more)

    def offer(self, scope: Scope, community_id: int, *, and_building: int | None = None) -> None:
        """Fill the picker, buildings under their area."""
        by_area: dict[str, list[SelectChoice]] = {}
        for area_id, name, name_en in read_area_choices(scope, community_id):
            area = pick(name, name_en)
            only = _("%(area)s, building not known", area=area)
            by_area[area] = [SelectChoice(f"a{area_id}", only, optgroup=area)]
        for one in read_building_choices(scope, community_id, and_id=and_building):
            area = pick(one.area, one.area_en)
            building = pick(one.name, one.name_en)
            choice = SelectChoice(f"b{one.building_id}", building, optgroup=area)
            by_area.setdefault(area, []).append(choice)
        unknown = SelectChoice("", _("Not known"))
        self.choices = [unknown, *(choice for choices in by_area.values() for choice in choices)]

    @property
    def place(self) -> tuple[int | None, int | None]:
        value = self.data or ""
        number = number_or_none(value[1:])
        return (number, None) if value[:1] == "a" else (None, number)


def place_value(area_id: int | None, building_id: int | None) -> str:
    """The value of a ``PlaceField`` that stands for a place."""
    if building_id is not None:
        return f"b{building_id}"
    return f"a{area_id}" if area_id is not None else ""


def picked(rows: Iterable[tuple[int, str, str | None]], none: Any = None) -> list[SelectChoice]:
    """Choices in the language of the request, with words for choosing none when given."""
    first = [SelectChoice("", none)] if none is not None else []
    return [*first, *(SelectChoice(str(row[0]), pick(row[1], row[2])) for row in rows)]


def choices_of(words: Mapping[Any, Any], none: Any = None) -> list[SelectChoice]:
    """Code words and their words, for a SelectField or RadioField."""
    first = [SelectChoice("", none)] if none is not None else []
    return [*first, *(SelectChoice(str(key), label) for key, label in words.items())]


def kept_filters(*names: str) -> dict[str, Any]:
    """The filters of this address that the next page keeps. By name: whatever else an address
    carries (``_external``, ``_scheme``) would be taken by url_for as its own."""
    return {name: request.args[name] for name in names if request.args.get(name)}
