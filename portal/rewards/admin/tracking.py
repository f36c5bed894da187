"""Tracking numbers from a list: a look at every line first, then the good ones."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from portal.imports.rules.refusals import ImportRefused
from portal.imports.rules.tables import read_table
from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.queries.persons import names
from portal.rewards.actions.tracking import Does, send_with_number, what_it_does
from portal.rewards.admin.desk import NAMES, Refused
from portal.rewards.admin.rewards import bp
from portal.rewards.forms.desk import TrackingForm
from portal.rewards.queries.desk import desk_rows
from portal.rewards.queries.redemptions import concerned
from portal.rewards.rules.desk import MOST_CHARACTERS, Line, ListTooLong, read_lines
from portal.web.errors import sentence
from portal.web.guards import admin, current_actor
from portal.web.language import number
from portal.web.templating import render
from portal.web.transaction import database, writes_in_steps


@dataclass(frozen=True)
class Looked:
    """One line as the page shows it: whose parcel it is, what is done with it, or why it cannot be used."""

    line: Line
    what: str
    why: str
    does: Does | None

    @property
    def is_good(self) -> bool:
        return self.does in (Does.SENDS, Does.ADDS)


@bp.get("/desk/tracking")
@admin
def tracking() -> ResponseReturnValue:
    """The form for a list of tracking numbers."""
    return _page(TrackingForm(formdata=None))


@bp.post("/desk/tracking")
@admin
@writes_in_steps(again=lambda refusal: _again(refusal))
def look_at_numbers() -> ResponseReturnValue:
    """Show what each line of the list would do. Nothing is written."""
    form = TrackingForm()
    if not form.validate():
        return _page(form), 422
    uploaded = form.upload.data
    content = uploaded.stream.read(MOST_CHARACTERS + 1) if uploaded else (form.text.data or "").encode()
    if len(content) > MOST_CHARACTERS:
        raise ListTooLong(most=1_000)
    lines = _lines(content)
    form.text.data = "redemption,tracking,carrier\n" + "".join(_spelled(line) for line in lines)
    with database().reading() as session:
        looked = _looked(session, lines, current_actor())
    return render("rewards/admin/tracking.html", form=form, looked=looked, good=sum(one.is_good for one in looked), **NAMES)


@bp.post("/desk/tracking/send")
@admin
@writes_in_steps(again=lambda refusal: _again(refusal))
def send_numbers() -> ResponseReturnValue:
    """Send each parcel of the list with its number, each in its own transaction, and say which were refused. What has its number stays as it is."""
    form, actor = TrackingForm(), current_actor()
    if not form.validate():
        return _page(form), 422
    done, refused = dict.fromkeys(Does, 0), []
    lines = _lines((form.text.data or "").encode())
    with database().reading() as session:
        named = {row.Redemption.id: f"{row.Reward.name}, {row.Person.name}" for row in _rows(session, lines)}
    for line in lines:
        try:
            done[database().write(partial(send_with_number, actor=actor, line=line, now=utcnow()))] += 1
        except Refusal as refusal:
            what = named.get(line.redemption_id or 0) or _("Line %(number)s", number=number(line.number))
            refused.append(Refused(line.redemption_id if line.redemption_id in named else None, what, sentence(refusal)))
    if refused:
        return render("rewards/admin/desk_done.html", told=_told(done), refused=refused, back={"tab": "sent"}, **NAMES)
    flash(_told(done), "good")
    return redirect(url_for("rewards_admin.desk", tab="sent"), 303)


def _told(done: dict[Does, int]) -> str:
    sent, added = done[Does.SENDS], done[Does.ADDS]
    told = str(ngettext("%(n)s parcel is sent with its number.", "%(n)s parcels are sent with their numbers.", sent, n=number(sent)))
    if added:
        several = {"n": number(added)}
        told += " " + ngettext("%(n)s sent before has its number now.", "%(n)s sent before have their numbers now.", added, **several)
    return told


def _lines(content: bytes) -> list[Line]:
    """Return the lines of the list. Refuses what is no table, on the field of the text, and as ``read_lines`` does."""
    try:
        table = read_table(content)
    except ImportRefused as refusal:
        refusal.field = "text"
        raise
    return read_lines(table.header, table.rows, [at for at, _fault in table.broken])


def _spelled(line: Line) -> str:
    cells = (str(line.redemption_id or ""), line.tracking, line.carrier)
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"


def _rows(session: Session, lines: list[Line]) -> list[Any]:
    return desk_rows(session, [line.redemption_id for line in lines if line.redemption_id])


def _looked(session: Session, lines: list[Line], actor: Actor) -> list[Looked]:
    rows = {row.Redemption.id: row for row in _rows(session, lines)}
    known = names(session, concerned([row.Redemption for row in rows.values()]))
    return [_look(line, rows.get(line.redemption_id), actor, known) for line in lines]


def _look(line: Line, row: Any, actor: Actor, known: dict[int, str]) -> Looked:
    redemption, reward, person = (row.Redemption, row.Reward, row.Person) if row else (None, None, None)
    what = f"{reward.name}, {person.name}" if reward and person else ""
    try:
        return Looked(line, what, "", what_it_does(line, redemption, reward, actor, known, has_address=bool(row and row.RedemptionAddress)))
    except Refusal as refusal:
        return Looked(line, what, sentence(refusal), None)


def _page(form: TrackingForm) -> str:
    return render("rewards/admin/tracking.html", form=form, looked=None, **NAMES)


def _again(refusal: Refusal) -> ResponseReturnValue:
    form = TrackingForm()
    form.validate()
    form.refuse(refusal)
    return _page(form), refusal.status
