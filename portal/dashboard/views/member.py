"""All about one person for admins: what they did, were told, were paid, redeemed and confirmed."""

from flask import request
from flask_babel import gettext as _

from portal.dashboard.queries.member import SECTIONS
from portal.dashboard.views.home import bp
from portal.kernel.clock import utcnow
from portal.people.queries.persons import get_person
from portal.web.guards import admin
from portal.web.templating import render
from portal.web.transaction import db


@bp.get("/admin/people/<int:person_id>/record")
@admin
def member(person_id: int) -> str:
    """One section of a person's record at a time."""
    section = request.args.get("section", "")
    section = section if section in SECTIONS else "did"
    name, entries = SECTIONS[section]
    page = entries(db(), person_id, request.args.get("after"), utcnow())
    return render("dashboard/member.html", person=get_person(db(), person_id), sections=SECTIONS, section=section, name=_(name), page=page)
