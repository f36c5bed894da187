"""The application for a server: ``granian --interface wsgi wsgi:app`` or ``gunicorn wsgi:app``."""

from config import read_settings
from portal.app import create_app
from portal.kernel.memory import settle

app = create_app(read_settings())
settle()
