"""Every door of the room: importing the files adds their routes to the blueprints."""

from portal.profiles.views import checking, listing, own, staff
from portal.profiles.views.shared import bp, init

__all__ = ["bp", "checking", "init", "listing", "own", "staff"]
