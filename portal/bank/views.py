"""The statement of the person who is signed in, and disputing its lines."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.bank.actions.disputing import dispute_line, withdraw_dispute
from portal.bank.forms import DisputeForm, TakeBackForm
from portal.bank.queries.disputes import disputes_at
from portal.bank.queries.statement import StatementLine, find_line
from portal.bank.rules.disputes import OPEN, AlreadyDisputed, DisputeSettled
from portal.bank.shown import FILES, shown_statement, statement_sources
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.ids import MOST_ID
from portal.web.errors import sentence
from portal.web.guards import advocate, current_actor
from portal.web.templating import render_fragment
from portal.web.transaction import db, writes

bp = Blueprint("bank", __name__)


@bp.get("/statement")
@advocate
def statement() -> ResponseReturnValue:
    """What the reader earned and spent, and what is left; with ``dispute`` the form to dispute that line."""
    if (kind := request.args.get("format")) in FILES:
        return FILES[kind](_reader(), "statement")
    asked = request.args.get("dispute", 0, int)
    line = _line(asked) if 0 < asked <= MOST_ID else None
    return _page(DisputeForm(formdata=None, data={"line": line.transfer_id}) if line else None, line)


def _refused(refusal: Refusal) -> ResponseReturnValue:
    if isinstance(refusal, AlreadyDisputed | DisputeSettled):
        flash(sentence(refusal), "info")
        return redirect(url_for(".statement"), 303)
    form = DisputeForm()
    line = _line(form.line.data or 0) if form.validate() else None
    if line is None:
        raise refusal
    form.refuse(refusal)
    return _page(form, line), refusal.status


@bp.post("/statement")
@advocate
@writes(again=_refused)
def dispute() -> ResponseReturnValue:
    """Dispute a line of one's own statement."""
    form = DisputeForm()
    if not form.validate():
        asked = form.line.data or 0
        line = _line(asked) if 0 < asked <= MOST_ID else None
        if line is None:
            raise NotFound()
        return _page(form, line), 422
    dispute_line(db(), current_actor(), transfer_id=form.line.data or 0, words=form.words.data or "", now=utcnow())
    flash(_("Disputed. Somebody who did not decide it looks at it, and you will read the answer here."), "good")
    return redirect(url_for(".statement"), 303)


def _stand(refusal: Refusal) -> ResponseReturnValue:
    flash(sentence(refusal), "bad")
    return redirect(url_for(".statement"), 303)


@bp.post("/statement/withdraw")
@advocate
@writes(again=_stand)
def withdraw() -> ResponseReturnValue:
    """Take one's own dispute back while it waits."""
    form = TakeBackForm()
    if not form.validate():
        raise NotFound()
    withdraw_dispute(db(), current_actor(), dispute_id=form.dispute.data or 0, now=utcnow())
    flash(_("Taken back. The line stays as it is."), "good")
    return redirect(url_for(".statement"), 303)


def _reader() -> int:
    person_id = current_actor().id
    assert person_id is not None
    return person_id


def _line(transfer_id: int) -> StatementLine | None:
    """Return the line to dispute, None where it is none of the reader's or has an open dispute."""
    made = disputes_at(db(), [transfer_id]).get(transfer_id)
    return None if made is not None and made.state in OPEN else find_line(db(), _reader(), transfer_id, statement_sources())


def _page(form: DisputeForm | None, line: StatementLine | None) -> str:
    return render_fragment("bank/statement.html", "results", disputing=form, disputed=line, **shown_statement(_reader()))
