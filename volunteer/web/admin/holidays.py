"""/admin/holidays: a year's public holidays, pasted as they are published."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.series_words import festival_words
from volunteer.domain.access import Permission
from volunteer.domain.holidays import FIRST_YEAR, LAST_YEAR, Holidays, write_notice
from volunteer.queries.communities import read_zone
from volunteer.queries.holidays import read_holidays
from volunteer.services.holidays import write_holidays
from volunteer.web.admin.forms import status_after
from volunteer.web.asked import number_or_none
from volunteer.web.community import current_community
from volunteer.web.dates import today
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("holidays", __name__, url_prefix="/admin/holidays")


class HolidaysForm(FlaskForm):
    notice = TextAreaField(
        _l("The year's announcement"),
        validators=[
            InputRequired(_l("Please paste the announcement, or write a line for each festival."))
        ],
    )


@blueprint.route("", methods=["GET", "POST"])
@needs(Permission.EDIT_SETTINGS)
def holidays() -> ResponseReturnValue:
    community_id = current_community().community_id
    known = read_holidays(scope(), community_id)
    this_year = today(read_zone(scope(), community_id)).year
    year = number_or_none(request.args.get("year")) or this_year
    year = min(max(year, FIRST_YEAR), LAST_YEAR)
    days = {day: one for day, one in known.days.items() if day.year == year}
    form = HolidaysForm(data={"notice": write_notice(days)})

    def save() -> None:
        write_holidays(
            community_id,
            year,
            form.notice.data or "",
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        )

    status = status_after(form, save)
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("holidays.holidays", year=year))
    page = render_template(
        "admin/holidays.html",
        form=form,
        year=year,
        days=days,
        is_known=year in known.years,
        tabs=[_tab(one, year) for one in _years(known, this_year, year)],
        festival_words=festival_words,
    )
    return page, status


def _years(known: Holidays, this_year: int, shown: int) -> list[int]:
    """Those that are known, and the next two that will be asked for."""
    return sorted(known.years | {this_year, this_year + 1, shown})


def _tab(year: int, shown: int) -> dict[str, object]:
    url = url_for("holidays.holidays", year=year)
    return {"label": str(year), "url": url, "active": year == shown}
