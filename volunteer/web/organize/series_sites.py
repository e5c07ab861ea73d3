"""The sites in the form of recurring events: each with its place, its number of places, leaders.

A site is known in the form by a key that stays when another one is taken out: ``site`` lists the
keys, and ``site-KEY-`` begins the names of its fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request
from flask_wtf import FlaskForm
from wtforms import SelectField

from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.events import LONGEST_TITLE, MOST_PLACES, LeaderPlan
from volunteer.domain.series import MOST_SITES, Site
from volunteer.queries.events import EventInFull
from volunteer.queries.leaders import Candidate, read_candidates, read_chosen
from volunteer.web.gate import scope
from volunteer.web.language import pick
from volunteer.web.organize.event_form import AT_WORK, MOST_LEADERS, VOLUNTEER, LeaderLine
from volunteer.web.organize.fields import choices_of, line, whole_number

Areas = Sequence[tuple[int, str, str | None]]


class SiteForm(FlaskForm):
    class Meta:
        csrf = False

    place = line(_l("Place"), LONGEST_TITLE, _l("Please say where people meet."))
    place_en = line(_l("Place in English"), LONGEST_TITLE)
    area_id = SelectField(_l("Area"), coerce=int)
    capacity = whole_number(
        _l("Number of places"), 1, MOST_PLACES, _l("A whole number from 1, or empty, please.")
    )


@dataclass(frozen=True)
class SiteShown:
    """``looked``: its search was pressed, or holds a name that was not looked for yet."""

    key: str
    form: SiteForm
    leaders: tuple[LeaderLine, ...]
    find: str = ""
    looked: bool = False

    @property
    def plan(self) -> Site:
        return Site(
            place=self.form.place.data or "",
            leaders=tuple(
                LeaderPlan(one.person.resident_id, one.role == AT_WORK)
                for one in self.leaders
                if one.role
            ),
            place_en=self.form.place_en.data,
            area_id=self.form.area_id.data or None,
            capacity=self.form.capacity.data,
        )


def sites_of(community_id: int, areas: Areas, last: EventInFull | None) -> list[SiteShown]:
    """The sites of the form that was sent, with one more or one less if that was pressed; before
    any, the one site of the last event."""
    if request.method == "GET":
        return [_first(areas, last)]
    chosen = _chosen(community_id, keys := _keys())
    return [_sent(community_id, areas, key, chosen) for key in keys]


def wants_another_look(sites: Sequence[SiteShown]) -> bool:
    """A button that changes the form was pressed, or a name is still to be looked for (Enter in
    that field presses the form's first button, which saves)."""
    pressed = {"preview", "add_site", "remove_site", "search"} & request.form.keys()
    return bool(pressed) or any(site.looked for site in sites)


def _keys() -> list[str]:
    sent = dict.fromkeys(key for key in request.form.getlist("site") if key.isdecimal())
    keys = [key for key in sent if len(key) < 5][:MOST_SITES] or ["1"]
    gone = request.form.get("remove_site")
    if gone in keys and len(keys) > 1:
        keys.remove(gone)
    if "add_site" in request.form and len(keys) < MOST_SITES:
        keys.append(str(max(map(int, keys)) + 1))
    return keys


def _first(areas: Areas, last: EventInFull | None) -> SiteShown:
    row = last.row if last else None
    data = {"place": row.place, "place_en": row.place_en, "capacity": row.capacity} if row else {}
    form = SiteForm(formdata=None, prefix="site-1-", data=data)
    _offer_areas(form, areas)
    in_use = {one_id for one_id, _name, _name_en in areas}
    form.area_id.data = last.area_id if last and last.area_id in in_use else 0
    leaders = tuple(
        LeaderLine(
            Candidate(one.resident_id, one.ref, one.name, one.name_en, None, None),
            AT_WORK if one.at_work else VOLUNTEER,
        )
        for one in (row.leaders if row else ())
    )
    return SiteShown("1", form, leaders)


def _sent(community_id: int, areas: Areas, key: str, chosen: dict[str, Candidate]) -> SiteShown:
    is_new = f"site-{key}-place" not in request.form
    form = SiteForm(formdata=None if is_new else request.form, prefix=f"site-{key}-")
    _offer_areas(form, areas)
    if form.area_id.data is None:
        form.area_id.data = 0
    find = request.form.get(f"site-{key}-find", "")[:80]
    waits = find.strip() != request.form.get(f"site-{key}-found", find).strip()
    looked = waits or request.form.get("search") == key
    roles = _roles(key)
    leaders = [LeaderLine(chosen[ref], role) for ref, role in roles.items() if ref in chosen]
    found = read_candidates(scope(), community_id, find) if find else []
    more = [LeaderLine(one) for one in found if one.ref not in roles]
    return SiteShown(key, form, (*leaders, *more), find, looked)


def _roles(key: str) -> dict[str, str]:
    prefix = f"site-{key}-leader-"
    found = {
        name.removeprefix(prefix): value
        for name, value in request.form.items()
        if name.startswith(prefix) and value in (VOLUNTEER, AT_WORK)
    }
    return dict(list(found.items())[:MOST_LEADERS])


def _chosen(community_id: int, keys: Sequence[str]) -> dict[str, Candidate]:
    """The leaders of every site in one look."""
    refs = dict.fromkeys(ref for key in keys for ref in _roles(key))
    return {one.ref: one for one in read_chosen(scope(), community_id, refs)}


def _offer_areas(form: SiteForm, areas: Areas) -> None:
    named = [(one_id, pick(name, name_en)) for one_id, name, name_en in areas]
    form.area_id.choices = choices_of([(0, _("None")), *named])
