"""Security headers, and the nonce that lets our own inline script run."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

from volunteer.config import Config


def csp_nonce(*, camera: bool = False) -> str:
    """The nonce of this response. ``camera``: for the script that decodes codes in the browser, so
    whatever page it is on, a refused form's too, may use WebAssembly and the camera."""
    if camera:
        g.camera = True
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def init_app(app: Flask, config: Config) -> None:
    app.jinja_env.globals["csp_nonce"] = csp_nonce

    @app.after_request
    def _headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        if config.secure_cookies:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if response.mimetype == "text/html":
            camera = bool(g.get("camera"))
            headers.setdefault("Content-Security-Policy", _policy(camera))
            headers.setdefault("X-Frame-Options", "DENY")
            headers.setdefault("Permissions-Policy", f"camera=({'self' if camera else ''})")
        if request.endpoint != "static":
            # Every page shows who is signed in; a shared computer must not keep it.
            headers.setdefault("Cache-Control", "no-store")
        return response


def _policy(camera: bool) -> str:
    wasm = " 'wasm-unsafe-eval'" if camera else ""
    return (
        "default-src 'none'; "
        f"script-src 'self' 'nonce-{csp_nonce()}'{wasm}; "
        "style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
