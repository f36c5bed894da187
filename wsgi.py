"""The application for a server: ``granian --interface wsgi wsgi:app`` or ``gunicorn wsgi:app``."""

from portal.app import create_app

app = create_app()
