"""What somebody's customers said: the page of account owners, and whether they want the weekly mail."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.actions.insights import want_mail
from portal.accounts.forms import MailForm, SaidFilter
from portal.accounts.queries.insights import all_said, is_mail_off, said_page
from portal.accounts.rules.insights import SIDE_NAMES, side_of
from portal.accounts.views.names import bp
from portal.kernel.clock import utcnow
from portal.people.queries.companies import get_company
from portal.web.exports import csv_response
from portal.web.guards import current_actor, staff
from portal.web.templating import render
from portal.web.transaction import db, writes

HEADER = ("said", "company", "person", "question", "score", "words")


@bp.get("/companies/said")
@staff
def said() -> ResponseReturnValue:
    """What customers said, the latest first: of the companies that the reader looks after, of all for admins."""
    form, actor = SaidFilter(request.args), current_actor()
    asked = form.values()
    if request.args.get("format") == "csv":
        return csv_response("said.csv", HEADER, (_cells(row) for row in all_said(db(), actor, **asked)))
    page = said_page(db(), actor, after=request.args.get("after"), **asked)
    company = get_company(db(), asked["company"]) if "company" in asked else None
    mail = {"is_off": is_mail_off(db(), actor.id or 0)}
    return render("accounts/said.html", form=form, page=page, asked=asked, company=company, side_of=side_of, side_names=SIDE_NAMES, **mail)


@bp.post("/companies/said/mail")
@staff
@writes
def mail() -> ResponseReturnValue:
    """Begin or end the weekly mail for oneself."""
    is_wanted = MailForm().wanted.data == "yes"
    want_mail(db(), current_actor(), is_wanted=is_wanted, now=utcnow())
    flash(_("You get the weekly mail.") if is_wanted else _("No more weekly mails. What was said stays on this page."), "good")
    return redirect(url_for(".said"), 303)


def _cells(row: Any) -> tuple[Any, ...]:
    one = row.Insight
    return (one.said_at.isoformat(), row.company, row.person, one.question, one.score, one.said)
