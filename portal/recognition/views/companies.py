"""The board of companies."""

from flask import request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.kernel.clock import utcnow
from portal.people.queries.companies import get_company
from portal.recognition.forms import BoardFilter
from portal.recognition.queries.companies import companies_around, company_board, iter_companies
from portal.recognition.views.board import bp, read, tabs
from portal.web.exports import csv_response
from portal.web.guards import member
from portal.web.templating import render_fragment, wants_fragment
from portal.web.transaction import db


@bp.get("/board/companies")
@member
def companies() -> ResponseReturnValue:
    """Companies by what their people earned together, with the reader's own between its neighbours."""
    form, now = BoardFilter(request.args), utcnow()
    asked = read(form, now)
    if request.args.get("format") == "csv":
        rows = ((row.rank, row.company, row.members, row.points) for row in iter_companies(db(), asked.key, term=asked.term))
        return csv_response(f"companies-{asked.key.replace('/', '-')}.csv", ("rank", "company", "members", "points"), rows)
    page = company_board(db(), asked.key, term=asked.term, after=request.args.get("after"))
    company_id = current_user.company_id
    # What stands beside the results is not sent with them, and would be summed over everybody once more.
    stands_beside = company_id and not wants_fragment("results")
    around = companies_around(db(), asked.key, company_id) if stands_beside else []
    own = next((line for line in around if line.company_id == company_id), None)
    absent = get_company(db(), company_id) if stands_beside and own is None else None
    shown = {
        "page": page,
        "form": form,
        "asked": asked,
        "tabs": tabs(asked, now),
        "own": own,
        "own_id": company_id,
        "around": around,
        "absent": absent,
    }
    return render_fragment("recognition/companies.html", "results", **shown)
