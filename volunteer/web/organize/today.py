"""/organize: what is on now, and the one or two things to do about it."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.domain.access import CommunityName, Permission
from volunteer.domain.events import Phase
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.activities import read_activity_choices
from volunteer.queries.communities import read_zone
from volunteer.queries.events import EventRow, read_today
from volunteer.web.addresses import is_reachable
from volunteer.web.community import PARAMETER, communities_here, current_community
from volunteer.web.dates import local_day
from volunteer.web.gate import me, scope, staff
from volunteer.web.organize.blueprint import blueprint


@blueprint.get("")
@staff
def today() -> ResponseReturnValue:
    if not (me().led_event_ids or me().communities_with(Permission.SEE_ACTIVITIES)):
        return _elsewhere()
    community = _community()
    now, zone = clock.now(), read_zone(scope(), community.community_id)
    found = read_today(
        scope(), community.community_id, local_day(now, zone), now, _only_events(community)
    )
    first = next((row for row in found.today if _is_on(row)), None)
    is_new = not (found.today or found.coming or found.overdue) and not read_activity_choices(
        scope(), community.community_id
    )
    return render_template(
        "organize/today.html",
        community=community,
        found=found,
        first=first,
        is_new=is_new,
        rest=[row for row in found.today if row is not first],
        now=now,
        zone=zone,
        reachable=is_reachable(),
    )


def _community() -> CommunityName:
    """The one in the address, else the first where this person has a role: somebody may live in
    one community and lead in another."""
    if PARAMETER in request.args:
        return current_community()
    roles = {grant.community_id for grant in me().grants}
    return next(one for one in communities_here() if one.community_id in roles)


def _only_events(community: CommunityName) -> frozenset[int] | None:
    """None for who sees every event here; a leader sees the events they lead."""
    if me().can(Permission.SEE_ACTIVITIES, community.community_id):
        return None
    return me().led_event_ids


def _elsewhere() -> ResponseReturnValue:
    """Counter staff who come here, as after signing in, go to what they work with."""
    if me().communities_with(Permission.SEE_PEOPLE):
        return redirect(url_for("people.residents"))
    raise refuse(Code.PERMISSION_MISSING)


def _is_on(row: EventRow) -> bool:
    return row.phase in (Phase.OPEN, Phase.RUNNING)
