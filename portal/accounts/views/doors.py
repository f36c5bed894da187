"""The blueprints with every door of the room."""

from portal.accounts.views import contacts, log
from portal.accounts.views.names import admin_bp, bp

__all__ = ["admin_bp", "bp", "contacts", "log"]
