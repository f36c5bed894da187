"""Advocates' pages of a code: the question for the password, the one look, and what to do where it could not be kept."""

from typing import Any

from flask import flash, make_response, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.identity import require_own_password
from portal.rewards.actions.codes import ask_for_code, keep_code, reveal_code
from portal.rewards.actions.fulfilling import confirm_received
from portal.rewards.forms.codes import RevealForm
from portal.rewards.queries.redemptions import redemption_for
from portal.rewards.queries.worth import resting
from portal.rewards.rules.cards import holder_of, may_look
from portal.rewards.rules.states import State
from portal.rewards.views import bp
from portal.vault.queries import look_of
from portal.vault.rules import Card
from portal.web.errors import headers_of
from portal.web.guards import advocate, current_actor
from portal.web.templating import render
from portal.web.transaction import database, db, let_go, writes, writes_in_steps


@bp.get("/rewards/codes/<int:card_id>")
@advocate
def code(card_id: int) -> ResponseReturnValue:
    """Ask for the password before the code is shown; ``card_id`` is the redemption."""
    redemption, _reward = redemption_for(db(), _me(), card_id)
    look = look_of(db(), holder_of(card_id))
    if look is None or not may_look(redemption.state):
        flash(_("There is no code to show here yet."), "info")
        return redirect(url_for("rewards.redemption", redemption_id=card_id), 303)
    return _page(card_id, RevealForm(formdata=None))


@bp.post("/rewards/codes/<int:card_id>")
@advocate
@writes_in_steps(again=lambda refusal, card_id: _refused(refusal, card_id))
def reveal(card_id: int) -> ResponseReturnValue:
    """Show the code, once, to who gives the password. Looking at it says that it has arrived."""
    form, actor, now = RevealForm(), current_actor(), utcnow()
    redemption_for(db(), _me(), card_id)
    if not form.validate():
        return _page(card_id, form), 422
    let_go()
    require_own_password(form.current.data or "")

    def look(session: Any) -> Card:
        card, is_first = reveal_code(session, actor, redemption_id=card_id, key=form.key.data or "", now=now)
        if is_first and redemption_for(session, actor.id or 0, card_id)[0].state == State.SENT:
            confirm_received(session, actor, redemption_id=card_id, now=now)
        found: Card = card
        return found

    response = make_response(_page(card_id, form, card=database().write(look)))
    # It is for these eyes alone, once: no cache keeps it, no other site learns the address of a link in it.
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@bp.post("/rewards/codes/<int:card_id>/kept")
@advocate
@writes(again=lambda refusal, card_id: _refused(refusal, card_id))
def kept(card_id: int) -> ResponseReturnValue:
    """Close the look: whoever goes back to the page that showed the code finds it no more."""
    keep_code(db(), current_actor(), redemption_id=card_id)
    return redirect(url_for("rewards.redemption", redemption_id=card_id), 303)


@bp.post("/rewards/codes/<int:card_id>/ask")
@advocate
@writes(again=lambda refusal, card_id: _refused(refusal, card_id))
def ask_code(card_id: int) -> ResponseReturnValue:
    """Say that the code could not be kept."""
    ask_for_code(db(), current_actor(), redemption_id=card_id, now=utcnow())
    flash(_("We have asked the people who run the programme. You hear from them here and by mail."), "good")
    return redirect(url_for("rewards.redemption", redemption_id=card_id), 303)


def _me() -> int:
    person_id = current_actor().id
    assert person_id is not None
    return person_id


def _page(card_id: int, form: RevealForm, *, card: Card | None = None) -> str:
    redemption, reward = redemption_for(db(), _me(), card_id)
    shown = {"look": look_of(db(), holder_of(card_id)), "rests_until": resting(db(), [_me()], utcnow()).get(_me())}
    return render("rewards/code.html", item=redemption, reward=reward, form=form, card=card, **shown)


def _refused(refusal: Refusal, card_id: int) -> ResponseReturnValue:
    form = RevealForm()
    form.refuse(refusal)
    return _page(card_id, form), refusal.status, headers_of(refusal)
