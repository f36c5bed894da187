"""The blueprint of all pages, once each of them is hung, and what this room contributes to the others."""

from collections.abc import Sequence
from datetime import timedelta

from flask import Flask, g
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy.orm import Session

from portal.dashboard.queries.front import front_figures
from portal.dashboard.views import approvals, audit, bulk, home, member, owners, references
from portal.dashboard.waiting.contract import WaitingSource
from portal.kernel.clock import utcnow
from portal.ledger.queries.balances import balance_of
from portal.web.language import number, span
from portal.web.transaction import db

bp = home.bp
parts = (home, approvals, owners, bulk, audit, member, references)


def init(app: Flask, sources: Sequence[WaitingSource]) -> None:
    """Hand over what waits, the balance in the layout, and the figures of the front page."""
    app.extensions.update(waiting_sources=sources, front_figures=shown_figures)
    app.jinja_env.globals["own_balance"] = own_balance
    audit.init(app)


def own_balance() -> int:
    """Return what the reader can spend, asked once a request."""
    if "own_balance" not in g:
        g.own_balance = balance_of(db(), current_user.id).available
    found: int = g.own_balance
    return found


def shown_figures(session: Session) -> list[tuple[str, str]]:
    """Return (figure, label) of the front page; nothing while there are no acts this year."""
    found = front_figures(session, utcnow())
    if not found.acts:
        return []
    figures = [
        (number(found.acts), ngettext("act of advocacy this year", "acts of advocacy this year", found.acts)),
        (number(found.people), ngettext("person took part", "people took part", found.people)),
    ]
    answer: timedelta | None = found.answer
    return [*figures, (span(answer), _("median time to an answer"))] if answer is not None else figures
