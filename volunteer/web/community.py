"""Which community a staff page works on: ``?community=ID``, kept in the address.

Most staff have one community and never see this. Who has several (a sub-district, a worker lent to
a neighbour) chooses on the page; every address that the request builds then carries the choice,
so it survives links, forms and redirects, and two tabs can show two communities.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, has_request_context, request

from volunteer.domain.access import CommunityName
from volunteer.domain.refusals import Code, refuse
from volunteer.web.gate import gate_of, me, scope

PARAMETER = "community"


def communities_here() -> tuple[CommunityName, ...]:
    """The communities in which this person may do what the page is for."""
    allowed = scope()
    return tuple(one for one in me().communities if allowed.sees(one.community_id))


def current_community() -> CommunityName:
    """The community this request is about; the first one when the address names none.

    Raises Refused: ``not_found`` when the address names one that this person may not see.
    """
    here = communities_here()
    wanted = request.args.get(PARAMETER)
    for community in here:
        if wanted is None or str(community.community_id) == wanted:
            return community
    raise refuse(Code.NOT_FOUND)


def init_app(app: Flask) -> None:
    app.jinja_env.globals["communities_here"] = communities_here
    app.jinja_env.globals["current_community"] = current_community

    @app.url_defaults
    def _keep_community(endpoint: str, values: dict[str, Any]) -> None:
        if PARAMETER in values or not has_request_context() or PARAMETER not in request.args:
            return
        gate = gate_of(current_app, endpoint) if endpoint in current_app.view_functions else None
        if gate is not None and (gate.permission or gate.staff):
            values[PARAMETER] = request.args[PARAMETER]
