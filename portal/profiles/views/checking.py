"""The page behind a link that asks whether a profile is true. GET shows, POST decides, so that a mail scanner answers nothing."""

from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.actions.by_hand import PERSON
from portal.people.actions.throttles import count_try
from portal.people.queries.by_hand import wrote_themself
from portal.people.queries.companies import possible_owners
from portal.people.queries.persons import get_person, names
from portal.people.rules.link import LinkSpent
from portal.people.rules.throttle import TooManyTries, network
from portal.profiles.actions.checking import answer_check
from portal.profiles.actions.correcting import stands
from portal.profiles.actions.links import LINK_TRIES, holder_of
from portal.profiles.forms import AnswerForm, answer_of
from portal.profiles.queries.profiles import activities_of, held, owner_of
from portal.profiles.rules.fresh import ANSWER_NAMES, Answer
from portal.profiles.rules.seeing import may_change
from portal.profiles.views.shared import NAMES, bp
from portal.web.errors import headers_of, sentence
from portal.web.guards import current_actor, public
from portal.web.templating import render
from portal.web.transaction import database, db, writes

ANSWER = "any(" + ", ".join(answer.value for answer in ANSWER_NAMES) + ")"


def token() -> str:
    """Return the token of the address or of the form."""
    return (request.form.get("t") or request.args.get("t") or "")[:200]


def counted() -> None:
    """Count the try before the unit of work, so that guesses count though they are refused."""
    origin, now = network(current_actor().origin), utcnow()
    database().write(lambda session: count_try(session, LINK_TRIES, origin, now))


def spent(refusal: Refusal) -> ResponseReturnValue:
    """Answer for a link that is not good, or too many tries."""
    page = render("profiles/spent.html", text=sentence(refusal), is_slowed=isinstance(refusal, TooManyTries))
    return page, refusal.status, headers_of(refusal)


def _show(form: AnswerForm | None = None, status: int = 200, chosen: str = "") -> ResponseReturnValue:
    now = utcnow()
    try:
        holder = holder_of(db(), token(), current_actor().origin, now, is_own=False)
    except LinkSpent as refusal:
        return spent(refusal)
    whose, check = held(db(), holder.person_id), holder.check
    assert check is not None
    kinds = activities_of(db(), [holder.person_id], now).get(holder.person_id, [])
    by = names(db(), [check.answered_by_id]).get(check.answered_by_id) if check.answered_by_id else None
    facts = {"held": whose, "row": whose.profile, "check": check, "kinds": kinds, "by": by, "is_mine": check.answered_by_id == holder.actor.id}
    facts["sent_to"] = get_person(db(), holder.actor.id) if holder.actor.id else None
    owners = possible_owners(db()) if check.ended_at is None else []
    form = form.offer(owners) if form else AnswerForm.of(stands(whose), owners, token())
    facts["theirs"] = wrote_themself(db(), PERSON, holder.person_id, "title")
    return render("profiles/check.html", form=form, chosen=chosen, **facts, **NAMES), status


@bp.get("/check")
@public
def check() -> ResponseReturnValue:
    """What we say of somebody, and four buttons; afterwards what was answered."""
    return _show(chosen=request.args.get("a", ""))


@bp.post(f"/check/<{ANSWER}:answer>")
@public
@writes(first=lambda answer: counted(), again=lambda refusal, answer: _again(refusal, answer))
def take_check(answer: str, ready: None) -> ResponseReturnValue:
    """Keep the answer."""
    form = AnswerForm()
    if not form.validate():
        return _show(form, 422, answer)
    now = utcnow()
    holder = holder_of(db(), token(), current_actor().origin, now, is_own=False)
    assert holder.check is not None
    said = form.note.data or ""
    facts: dict[str, Any] = {"note": said, "check_id": holder.check.id, "correction": form.correction()}
    answer_check(db(), holder.actor, person_id=holder.person_id, answer=Answer(answer), **facts, now=now)
    if not may_change(holder.actor, owner_of(db(), holder.person_id)):
        # Whom they named looks after the customer now: their own link opens nothing more.
        return render("profiles/handed_on.html")
    return redirect(url_for("profiles.check", t=token()), 303)


def _stored() -> AnswerForm:
    holder = holder_of(db(), token(), current_actor().origin, utcnow(), is_own=False)
    return AnswerForm.of(stands(held(db(), holder.person_id)), possible_owners(db()), token())


def _again(refusal: Refusal, answer: str) -> ResponseReturnValue:
    if isinstance(refusal, LinkSpent | TooManyTries):
        return spent(refusal)
    form = AnswerForm()
    form.validate()
    form.refuse(refusal, _stored)
    return _show(form, refusal.status, answer if answer_of(answer) else "")
