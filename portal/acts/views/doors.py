"""The blueprint of staff's doors, once all of them are hung."""

from portal.acts.views import staff, writing

bp = staff.bp
parts = (staff, writing)
