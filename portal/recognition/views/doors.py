"""The blueprint of the doors everybody uses, once all of them are hung."""

from portal.recognition.views import badges, board, companies, seasons

bp = board.bp
parts = (badges, companies, seasons)
