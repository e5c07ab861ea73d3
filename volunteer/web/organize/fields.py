"""The form fields of the pages of /organize, each with its words for what is wrong."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel.speaklater import LazyString
from wtforms import DateField, Field, IntegerField, StringField, TextAreaField, TimeField
from wtforms.fields import SelectChoice
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from volunteer.documents.messages import lazy_gettext as _l
from volunteer.web.asked import is_a_usual_day


def choices_of(pairs: Iterable[tuple[object, object]]) -> list[SelectChoice]:
    """Value and label pairs as a form field takes them."""
    return [SelectChoice(value, label) for value, label in pairs]


def line(label: LazyString, longest: int, missing: LazyString | None = None) -> StringField:
    """One line of text; ``missing``: what to say when it is needed and empty."""
    return StringField(label, validators=[*_needed(missing), _at_most(longest)])


def paragraph(label: LazyString, longest: int) -> TextAreaField:
    return TextAreaField(label, validators=[_at_most(longest)])


def whole_number(
    label: LazyString,
    low: int,
    high: int,
    wrong: LazyString,
    default: int | None = None,
) -> IntegerField:
    """A whole number; without a default it may stay empty."""
    given = Optional() if default is None else InputRequired(wrong)
    return IntegerField(
        label,
        default=default,
        validators=[given, NumberRange(low, high, wrong)],
        invalid_value_message=wrong,
    )


def day(label: LazyString) -> DateField:
    wrong = _l("This is not a date. Please check it.")

    def usual(form: BaseForm, field: Field) -> None:
        if field.data is not None and not is_a_usual_day(field.data):
            raise ValidationError(str(wrong))

    return DateField(
        label,
        validators=[InputRequired(_l("Please choose a day.")), usual],
        invalid_value_message=wrong,
    )


def clock_time(label: LazyString, *, optional: bool = False) -> TimeField:
    wrong = _l("Please enter a time.")
    given = Optional() if optional else InputRequired(wrong)
    return TimeField(label, validators=[given], invalid_value_message=wrong)


def _needed(missing: LazyString | None) -> list[InputRequired]:
    return [InputRequired(missing)] if missing else []


def _at_most(longest: int) -> Length:
    return Length(max=longest, message=_l("At most %(max)d characters, please."))
