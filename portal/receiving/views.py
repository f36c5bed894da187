"""Members' page: what their employer lets them accept. And the panels about it on the pages of people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.models import Person
from portal.receiving.actions.accepting import answer
from portal.receiving.forms import AnswerForm, shown
from portal.receiving.queries.standing import receiver_of
from portal.receiving.rules.accepting import STANCE_NAMES, Choice, Stance
from portal.web.guards import advocate, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("receiving", __name__, url_prefix="/receiving")
NAMES: dict[str, Any] = {"stances": STANCE_NAMES, "stance": Stance, "choice": Choice}


@bp.get("")
@advocate
def mine() -> str:
    """The one question: whether the reader may accept rewards."""
    receiver = receiver_of(db(), _me(), utcnow())
    filled = shown(receiver.own.rule) if receiver.own else {}
    return _page(AnswerForm(formdata=None, data=filled | {"reward": request.args.get("reward", "")}))


@bp.post("")
@advocate
@writes(again=lambda refusal: _again(refusal))
def keep() -> ResponseReturnValue:
    """Keep the answer, and go back to the reward it was asked for."""
    form = AnswerForm()
    if not form.validate():
        return _page(form), 422
    answer(db(), current_actor(), rule=form.rule(), now=utcnow())
    flash(_("Thank you. You can change this at any time on your profile."), "good")
    back = url_for("rewards.show", reward_id=int(form.reward.data)) if form.reward.data else url_for("rewards.index")
    return redirect(back, 303)


def own_panel(session: Session, person: Person, now: datetime) -> Mapping[str, Any] | None:
    """What somebody said holds for them, on their own profile."""
    return {"receiver": receiver_of(session, person.id, now), **NAMES} if person.is_advocate else None


def person_panel(session: Session, person: Person, now: datetime) -> Mapping[str, Any] | None:
    """What somebody may accept and had this year, for admins."""
    return {"receiver": receiver_of(session, person.id, now), **NAMES} if person.is_advocate else None


def _me() -> int:
    person_id = current_actor().id
    assert person_id is not None
    return person_id


def _page(form: AnswerForm) -> str:
    receiver = receiver_of(db(), _me(), utcnow())
    return render("receiving/mine.html", form=form, receiver=receiver, is_set=receiver.is_locked, **NAMES)


def _again(refusal: Refusal) -> ResponseReturnValue:
    form = AnswerForm()
    form.validate()
    form.refuse(refusal)
    return _page(form), refusal.status
