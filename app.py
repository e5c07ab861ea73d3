"""The WSGI entry point: ``gunicorn app:app`` and ``flask --app app …`` start here."""

from volunteer.factory import create_app

app = create_app()
