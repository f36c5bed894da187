"""The blueprint of requests, once all doors are hung."""

from portal.requests.views import asked, beginning, lists, meeting, one, shared

bp = shared.bp
parts = (lists, beginning, one, meeting, asked)
