"""The page behind a nominee's link. GET shows, POST acts, so that a mail scanner answers nothing. Nobody is signed in by it."""

from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.actions.throttles import count_try
from portal.people.rules.link import LinkSpent
from portal.people.rules.throttle import TooManyTries, network
from portal.profiles.rules.activity import ACTIVITY_NAMES, Activity
from portal.profiles.views.shared import told_of_kinds
from portal.references.actions.answering import agree, chosen, open_account, put_off, say_no, take_back, turn_round
from portal.references.forms import LinkForm, NoForm, OfferForm
from portal.references.queries.customers import offer_of, proposal_of
from portal.references.queries.terms import terms_of
from portal.references.rules.joining import CONSENT_WORDS, LINK_TRIES, Offer, Refused, require_offer
from portal.references.views.shared import NAMES, bp
from portal.web.errors import headers_of, sentence
from portal.web.guards import current_actor, public
from portal.web.templating import render
from portal.web.transaction import database, db, writes


def _token() -> str:
    return (request.form.get("t") or request.args.get("t") or "")[:200]


def _counted() -> None:
    """Count the try before the unit of work, so that guesses count though they are refused."""
    origin, now = network(current_actor().origin), utcnow()
    database().write(lambda session: count_try(session, LINK_TRIES, origin, now))


def _show(form: OfferForm | None = None, no: NoForm | None = None, status: int = 200) -> ResponseReturnValue:
    try:
        proposal = proposal_of(db(), _token(), utcnow())
    except LinkSpent as refusal:
        return _spent(refusal), refusal.status
    form = form or _blank()
    offer = offer_of(db(), proposal.person_id, utcnow())
    token = {"t": _token()}
    shown: dict[str, Any] = {"form": form, "no": no or NoForm(formdata=None, data=token), "link": LinkForm(formdata=None, data=token)}
    shown |= {"agreed_words": {kind.value: _words_for(kind) for kind in Activity}, "means_of": told_of_kinds(), "later": terms_of(db()).later_days}
    return render("references/proposal.html", proposal=proposal, offer=offer, **shown, **NAMES), status


def _blank() -> OfferForm:
    return OfferForm(formdata=None, data={"t": _token(), "per_quarter": 1})


def _spent(refusal: Refusal) -> str:
    return render("references/proposal_spent.html", text=sentence(refusal), is_slowed=isinstance(refusal, TooManyTries))


def _again(refusal: Refusal) -> ResponseReturnValue:
    if isinstance(refusal, LinkSpent | TooManyTries):
        return _spent(refusal), refusal.status, headers_of(refusal)
    if request.endpoint == "references.take_proposal":
        form = OfferForm()
        form.validate()
    else:
        form = _blank()  # another button: what this form lacks was not sent, and is no fault
    form.refuse(refusal)
    return _show(form, status=refusal.status)


@bp.get("/proposal")
@public
def proposal() -> ResponseReturnValue:
    """Who proposed the reader, and what they may answer; afterwards what they answered."""
    return _show()


@bp.post("/proposal")
@public
@writes(first=_counted, again=_again)
def take_proposal(ready: None) -> ResponseReturnValue:
    """Say yes, to what was chosen."""
    form = OfferForm()
    if not form.validate():
        form.also(lambda: _offer(form))
        return _show(form, status=422)
    offer = _offer(form)
    agree(db(), current_actor().origin, token=_token(), offer=offer, words=_words(offer), now=utcnow())
    return redirect(url_for("references.proposal", t=_token()), 303)


def _offer(form: OfferForm) -> Offer:
    return require_offer(chosen(form.activities.data or ()), form.per_quarter.data or 1, chosen(form.never.data or ()), is_agreed=form.agreed.data)


def _words(offer: Offer) -> dict[Activity, str]:
    """Return what is agreed to, kind by kind, in the language in which it was read."""
    return {kind: _words_for(kind) for kind in offer.activities}


def _words_for(kind: Activity) -> str:
    return str(_(CONSENT_WORDS, company=current_app.config["SETTINGS"].brand_company, activity=_(ACTIVITY_NAMES[kind])))


@bp.post("/proposal/no")
@public
@writes(first=_counted, again=_again)
def refuse_proposal(ready: None) -> ResponseReturnValue:
    """Say no, with a reason."""
    form = NoForm()
    if not form.validate():
        return _show(no=form, status=422)
    say_no(db(), current_actor().origin, token=_token(), code=Refused(form.code.data), reason=form.reason.data or "", now=utcnow())
    return redirect(url_for("references.proposal", t=_token()), 303)


@bp.post("/proposal/later")
@public
@writes(first=_counted, again=_again)
def put_proposal_off(ready: None) -> ResponseReturnValue:
    """Not now."""
    put_off(db(), current_actor().origin, token=_token(), now=utcnow())
    return redirect(url_for("references.proposal", t=_token()), 303)


@bp.post("/proposal/again")
@public
@writes(first=_counted, again=_again)
def reopen_proposal(ready: None) -> ResponseReturnValue:
    """Take a no back, and choose anew."""
    turn_round(db(), current_actor().origin, token=_token(), now=utcnow())
    return redirect(url_for("references.proposal", t=_token()), 303)


@bp.post("/proposal/back")
@public
@writes(first=_counted, again=_again)
def take_offer_back(ready: None) -> ResponseReturnValue:
    """Take back what was agreed to by this link."""
    take_back(db(), current_actor().origin, token=_token(), now=utcnow())
    return redirect(url_for("references.proposal", t=_token()), 303)


@bp.post("/proposal/account")
@public
@writes(first=_counted, again=_again)
def open_own_account(ready: None) -> ResponseReturnValue:
    """Go on to choosing a password, for who wants pages of their own."""
    path = open_account(db(), current_actor().origin, token=_token(), now=utcnow())
    flash(_("Choose a password, and you see here what you are asked and what came of it."), "info")
    return redirect(path, 303)
