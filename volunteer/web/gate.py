"""Who may open a page: every view declares it, and a view that does not fails the build.

    @blueprint.get("/admin/people")
    @needs(Permission.SEE_PEOPLE)
    def people() -> str: ...

The gate runs before the view. It answers "sign in first" or "not for you", and leaves in
``scope()`` the communities in which this person holds that permission: every query and every
service of the request takes it, so a row of another community is simply not found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer.domain.access import Permission, Principal, Scope
from volunteer.domain.refusals import Code, refuse

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Gate:
    """What a view asks for. ``by_device``: it reads a bearer token itself."""

    signed_in: bool = False
    staff: bool = False
    permission: Permission | None = None
    by_device: bool = False


def _declare(gate: Gate) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.gate = gate  # type: ignore[attr-defined]
        return view

    return mark


def anyone(view: View) -> View:
    """Open to everybody, signed in or not."""
    return _declare(Gate())(view)


def signed_in(view: View) -> View:
    """Any signed-in person; what they may see is what they act for."""
    return _declare(Gate(signed_in=True))(view)


def by_device(view: View) -> View:
    """The JSON API: the view resolves a device's token or the signed-in person itself."""
    return _declare(Gate(by_device=True))(view)


def staff(view: View) -> View:
    """Anyone who holds a staff role or leads an event."""
    return _declare(Gate(signed_in=True, staff=True))(view)


def needs(permission: Permission) -> Callable[[View], View]:
    """Somebody who holds ``permission`` in a community, or for the event in the address."""
    return _declare(Gate(signed_in=True, permission=permission))


def gate_of(app: Flask, endpoint: str) -> Gate | None:
    view = app.view_functions[endpoint]
    if endpoint == "static" or endpoint.endswith(".static"):
        return Gate()
    found = getattr(view, "gate", None) or getattr(getattr(view, "view_class", None), "gate", None)
    return cast("Gate | None", found)


def break_off() -> None:
    """The request failed: what is still to be said of it is said without the database."""
    g.is_broken_off = True


def is_broken_off() -> bool:
    return "is_broken_off" in g


def principal() -> Principal | None:
    """The signed-in person, or None; of a request that failed, the person known until then."""
    if is_broken_off() and "_login_user" not in g:  # Flask-Login would ask the database now
        return None
    return current_user.principal if current_user.is_authenticated else None


def me() -> Principal:
    """The signed-in person of a view whose gate asked for one."""
    found = principal()
    assert found is not None, "a view that needs a person must declare it"
    return found


def scope() -> Scope:
    """The communities this request may see, as its gate left them."""
    return cast(Scope, g.scope)


def check_gate() -> Response | None:
    """before_request: let through, send to sign-in, or refuse."""
    if request.endpoint is None:
        return None
    gate = gate_of(current_app, request.endpoint)
    assert gate is not None, f"{request.endpoint} declares no gate"
    if gate == Gate() or gate.by_device:
        return None
    person = principal()
    if person is None:
        wanted = request.full_path if request.method == "GET" else None
        return redirect(url_for("sign_in.sign_in", next=wanted))
    g.scope = person.scope
    if gate.staff and not (person.is_staff or person.led_event_ids):
        raise refuse(Code.PERMISSION_MISSING)
    if gate.permission:
        g.scope = _scope_of(person, gate.permission)
    if (gate.staff or gate.permission) and person.needs_password:
        return redirect(url_for("me.secret"))
    return None


def _scope_of(person: Principal, permission: Permission) -> Scope:
    event_id = (request.view_args or {}).get("event_id")
    allowed = frozenset(
        grant.community_id
        for grant in person.grants
        if grant.permits(permission, grant.community_id, event_id)
    )
    if not allowed:
        raise refuse(Code.PERMISSION_MISSING)
    return Scope(allowed)
