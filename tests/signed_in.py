"""Signing in a test client through the real page."""

from __future__ import annotations

import re
from contextvars import Context
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.town import PASSWORD


class FreshClient(FlaskClient):
    """A client whose requests share nothing with the test but the database.

    A test holds an application context, and Flask would use it for the request too: ``g``, and in
    it the signed-in person and the CSRF token, would live on from one request to the next.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return Context().run(super().open, *args, **kwargs)


def csrf_token(client: FlaskClient, path: str = "/sign-in") -> str:
    """The CSRF token of this client's session, read off a page."""
    page = client.get(path, follow_redirects=True).get_data(as_text=True)
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, f"no CSRF token on {path}"
    return found[1]


def post(client: FlaskClient, path: str, data: dict[str, str] | None = None) -> TestResponse:
    """POST a form as its page would: with the session's CSRF token."""
    return client.post(path, data={"csrf_token": csrf_token(client)} | (data or {}))


def sign_in(
    client: FlaskClient, identity: str, password: str = PASSWORD, wanted: str = ""
) -> TestResponse:
    """Sign in at /sign-in with a phone or a passbook number; fails the test when refused."""
    response = post(client, "/sign-in", {"identity": identity, "secret": password, "next": wanted})
    assert response.status_code == 302, response.get_data(as_text=True)[:2000]
    return response
