"""How far a change of an event reaches: the choice in its form, when it belongs to a series."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import RadioField

from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.messages import ngettext
from volunteer.documents.series_words import REACHES
from volunteer.domain.series import Reach
from volunteer.queries.event_series import SeriesShown
from volunteer.web.organize.fields import choices_of


class ReachForm(FlaskForm):
    reach = RadioField(
        _l("Which events of the series"),
        choices=choices_of(REACHES.items()),
        default="this",
        # An event that stands alone has no such field in its form.
        validate_choice=False,
        filters=[lambda value: value if value in tuple(Reach) else Reach.THIS],
    )


def offer_reach(form: ReachForm, series: SeriesShown | None) -> None:
    """With how many events each choice is for."""
    if series is None:
        form.reach.data = Reach.THIS
        return
    counts = {Reach.FOLLOWING: series.following_here, Reach.ALL: series.coming_here}
    form.reach.choices = choices_of(
        (reach, _counted(str(words), counts.get(reach))) for reach, words in REACHES.items()
    )


def _counted(words: str, count: int | None) -> str:
    if count is None:
        return words
    return f"{words} · {ngettext('%(num)d event', '%(num)d events', count)}"
