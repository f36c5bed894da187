"""The blueprints with every door of the room."""

from portal.accounts.views import companies, contacts, log, said
from portal.accounts.views.names import admin_bp, bp

__all__ = ["admin_bp", "bp", "companies", "contacts", "log", "said"]
