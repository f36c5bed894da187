"""The statement of the person who is signed in."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.bank.shown import FILES, shown_statement
from portal.web.guards import advocate, current_actor
from portal.web.templating import render_fragment

bp = Blueprint("bank", __name__)


@bp.get("/statement")
@advocate
def statement() -> ResponseReturnValue:
    """What the reader earned and spent, and what is left."""
    person_id = current_actor().id
    assert person_id is not None
    if (kind := request.args.get("format")) in FILES:
        return FILES[kind](person_id, "statement")
    return render_fragment("bank/statement.html", "results", **shown_statement(person_id))
