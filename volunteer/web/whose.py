"""Whose passbook is open on a phone that several people share: chosen in one tap, kept in the
browser's session until somebody signs out, and believed only while the link holds."""

from __future__ import annotations

from flask import Blueprint, redirect, request, session
from flask.typing import ResponseReturnValue

from volunteer.domain.access import ActsFor, Principal
from volunteer.domain.refusals import Code, refuse
from volunteer.web.gate import me, signed_in
from volunteer.web.local import local_path

_KEPT = "person"

blueprint = Blueprint("whose", __name__)


def chosen(person: Principal) -> ActsFor | None:
    """Who was chosen on this phone, else oneself, else the first whom one acts for."""
    kept = person.resident_by_ref(str(session.get(_KEPT, "")))
    return kept or person.own or next(iter(person.acts_for), None)


@blueprint.post("/me/switch")
@signed_in
def switch() -> ResponseReturnValue:
    """Open the passbook of somebody else I act for, and go on to ``next`` or home.

    Raises Refused: ``not_found`` for anybody else.
    """
    resident = me().resident_by_ref(request.form.get("person", ""))
    if resident is None:
        raise refuse(Code.NOT_FOUND)
    session[_KEPT] = resident.ref
    return redirect(local_path(request.form.get("next")) or "/home", 303)
