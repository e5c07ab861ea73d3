"""The WSGI entry point: ``gunicorn app:app`` and ``flask --app app …`` start here."""

import gc

from flask import Flask


def load() -> Flask:
    """Make the application without collecting garbage meanwhile.

    Loading makes half a million objects which live as long as the process does: looking through
    them again and again is an eighth of a start. Frozen, they are left alone later too, so the
    workers do not copy the pages that they share.
    """
    gc.disable()
    try:
        from volunteer.factory import create_app

        return create_app()
    finally:
        gc.freeze()
        gc.enable()


app = load()
