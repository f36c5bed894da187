"""The pages behind the links of account owners, customers and prospects. GET shows, POST acts, so that a mail scanner answers nothing.

Nobody is signed in by them. A customer who is signed in opens the same page from their list, by the number of what they were asked.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.acts.queries.budget import budget_of
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.kernel.ids import read_id
from portal.people.actions.throttles import count_try
from portal.people.queries.persons import get_person
from portal.people.rules.link import LinkSpent
from portal.people.rules.throttle import TooManyTries, network
from portal.requests.actions.answering import accept, decline, offer_others
from portal.requests.actions.booking import pick_as_prospect
from portal.requests.actions.outcomes import say_as_customer
from portal.requests.actions.owning import agree_by_link, owner_by_link, refuse_by_link
from portal.requests.actions.reopening import say_none_suits, say_not_needed
from portal.requests.forms import AgreeForm, CustomerNoForm, CustomerOutcomeForm, LinkForm, OwnerNoForm, PickForm, ProspectNoForm, TimesForm
from portal.requests.models import RequestCandidate
from portal.requests.queries.asked import Asked, behind_link, own_candidate
from portal.requests.queries.links import answered_behind, candidate_behind, off_behind
from portal.requests.rules.answering import LINK_TRIES, Odd, odd_of, require_length, require_slots
from portal.requests.rules.links import LinkKind
from portal.requests.rules.refusals import AnsweredBefore, Disputed, HeldAlready, NotNeeded, RequestMoved, SlotGone, ToldUsAlready, YesMeanwhile
from portal.requests.rules.states import CandidateState
from portal.requests.rules.waiting import WaitWord
from portal.requests.views.shared import NAMES, bp
from portal.web.errors import headers_of, sentence
from portal.web.forms import Form
from portal.web.guards import current_actor, public
from portal.web.language import speak_to
from portal.web.templating import render
from portal.web.transaction import database, db, writes

MOVED = (AnsweredBefore, Disputed, HeldAlready, NotNeeded, RequestMoved, SlotGone, ToldUsAlready, YesMeanwhile)
ZONES = 64


def _given() -> dict[str, str]:
    """Return what opens the page, from the form or the address: a link's token, or what a signed-in customer was asked."""
    return {name: (request.form.get(name) or request.args.get(name) or "")[:200] for name in ("t", "c")}


def _opened(kind: LinkKind) -> RequestCandidate:
    given, actor = _given(), current_actor()
    if given["t"]:
        return candidate_behind(db(), given["t"], kind, utcnow())
    own = read_id(given["c"]) or 0
    found = own_candidate(db(), actor, own) if kind is LinkKind.CUSTOMER and actor.id is not None else None
    if found is None:
        raise LinkSpent()
    return found


def _shown(kind: LinkKind) -> tuple[RequestCandidate, int]:
    """Return whom a page is about, with its status: also once it is off, so that the page says so."""
    try:
        return _opened(kind), 200
    except LinkSpent as refusal:
        return off_behind(db(), _given()["t"], kind, utcnow()), refusal.status


def _moment(typed: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(typed or "")
    except ValueError:
        return None


def _counted() -> None:
    """Count the try before the unit of work, so that guesses count though they are refused."""
    origin, now = network(current_actor().origin), utcnow()
    database().write(lambda session: count_try(session, LINK_TRIES, origin, now))


def _spent(refusal: Refusal) -> ResponseReturnValue:
    return render("requests/spent.html", text=sentence(refusal), is_slowed=isinstance(refusal, TooManyTries)), refusal.status, headers_of(refusal)


def _back(endpoint: str) -> ResponseReturnValue:
    kept: dict[str, Any] = {name: value for name, value in _given().items() if value}
    return redirect(url_for(endpoint, **kept), 303)


def _odd(form: TimesForm, asked: Asked) -> list[tuple[datetime, list[Odd]]]:
    """Return the times that are odd, with what is, before they are sent; nothing once they were shown and sent all the same.

    What cannot be at all is refused first, as by the action.
    """
    is_open = asked.state in (CandidateState.ASKED, CandidateState.ACCEPTED, CandidateState.SCHEDULED)
    if form.sure.data == form.typed or not is_open:
        return []
    known = asked.meeting.prospect_zone if asked.meeting else None
    zone, minutes = form.zone.data, require_length(form.minutes.data, asked.activity)
    moments = require_slots(form.walls, zone, asked.blackouts, utcnow(), minutes=minutes)
    facts = {"zone": zone, "needed_by": asked.request.needed_by, "prospect_zone": known}
    found = [(moment, odd) for moment in moments if (odd := odd_of(moment, minutes, **facts))]
    form.sure.data = form.typed
    return found


def _answer(page: Callable[..., ResponseReturnValue], name: str, make: Callable[..., Form]) -> Callable[[Refusal], ResponseReturnValue]:
    """Return how a refusal is answered: by the page, with what was typed; where things have moved on, by the page as they stand."""

    def again(refusal: Refusal) -> ResponseReturnValue:
        if isinstance(refusal, TooManyTries):
            return _spent(refusal)
        if isinstance(refusal, LinkSpent):
            return page(status=refusal.status)
        if isinstance(refusal, MOVED):
            return page(note=sentence(refusal), status=refusal.status)
        form = make()
        form.refuse(refusal)
        return page(**{name: form}, status=refusal.status)

    return again


@bp.get("/agree")
@public
def owners_page() -> ResponseReturnValue:
    """Whom an account owner is asked about, and for what."""
    return _owners()


def _owners(yes: Form | None = None, no: Form | None = None, note: str = "", status: int = 200) -> ResponseReturnValue:
    try:
        candidate = _owners_candidate()
        owner_by_link(db(), candidate, current_actor().origin)
        asked = behind_link(db(), candidate)
    except LinkSpent as refusal:
        return _spent(refusal)
    owner = get_person(db(), candidate.owner_id or 0)
    speak_to(owner.language)
    forms = {"yes": yes or AgreeForm(formdata=None, data=_given() | {"asks_now": True}), "no": no or OwnerNoForm(formdata=None, data=_given())}
    budget = budget_of(db(), candidate.person_id, utcnow()).person
    spent = _("%(used)s of %(most)s asks in %(days)s days, this one among them", used=budget.used, most=budget.most, days=budget.days)
    return render("requests/agree.html", asked=asked, owner=owner.name, sent_to=owner, note=note, spent=spent, **forms, **NAMES), status


def _owners_candidate() -> RequestCandidate:
    """Return whom the owner is asked about; once they answered, also by a link that opens nothing else any more."""
    try:
        return _opened(LinkKind.OWNER)
    except LinkSpent:
        return answered_behind(db(), _given()["t"], utcnow())


@bp.post("/agree/yes")
@public
@writes(first=_counted, again=_answer(_owners, "yes", AgreeForm))
def owner_agrees(ready: None) -> ResponseReturnValue:
    """Agree."""
    form = AgreeForm()
    agree_by_link(db(), current_actor().origin, candidate=_opened(LinkKind.OWNER), asks_now=form.asks_now.data, now=utcnow())
    return _back("requests.owners_page")


@bp.post("/agree/no")
@public
@writes(first=_counted, again=_answer(_owners, "no", OwnerNoForm))
def owner_refuses(ready: None) -> ResponseReturnValue:
    """Do not agree, or not any more. The page then says what was answered, though the link opens nothing else."""
    form = OwnerNoForm()
    if not form.validate():
        return _owners(no=form, status=422)
    given = {"code": form.code.data, "said": form.said.data or ""}
    refuse_by_link(db(), current_actor().origin, candidate=_opened(LinkKind.OWNER), **given, now=utcnow())
    return _back("requests.owners_page")


@bp.get("/asked")
@public
def customers_page() -> ResponseReturnValue:
    """What a customer is asked, and what they may answer; afterwards what they answered."""
    return _customers()


def _customers(**given: Any) -> ResponseReturnValue:
    note, status = given.pop("note", ""), given.pop("status", 200)
    try:
        candidate, gone = _shown(LinkKind.CUSTOMER)
        asked = behind_link(db(), candidate)
    except LinkSpent as refusal:
        return _spent(refusal)
    person = get_person(db(), asked.candidate.person_id)
    speak_to(person.language)
    kept = _given()
    times = TimesForm(formdata=None, data=kept | {"minutes": asked.minutes, "zone": asked.zone})
    no = CustomerNoForm(formdata=None, data=kept | {"seen": asked.state.value})
    forms = {"times": times, "no": no, "outcome": CustomerOutcomeForm(formdata=None, data=kept)}
    odd = given.pop("odd", [])
    note = note or (_("Please look at your times once more. They are not sent yet.") if odd else "")
    forms |= {"link": LinkForm(formdata=None, data=kept)} | given
    forms["times"].offer(asked.activity)
    return render("requests/asked.html", asked=asked, sent_to=person, note=note, odd=odd, now=utcnow(), **forms, **NAMES), max(status, gone)


@bp.post("/asked/yes")
@public
@writes(first=_counted, again=_answer(_customers, "times", TimesForm))
def customer_accepts(ready: None) -> ResponseReturnValue:
    """Say yes, with times where it is a meeting."""
    candidate = _opened(LinkKind.CUSTOMER)
    form, asked = TimesForm(), behind_link(db(), candidate)
    if asked.is_meeting and not form.validate():
        return _customers(times=form, status=422)
    if asked.is_meeting and (odd := _odd(form, asked)):
        return _customers(times=form, odd=odd)
    given = {"walls": form.walls, "minutes": form.minutes.data, "zone": form.zone.data} if asked.is_meeting else {}
    accept(db(), current_actor().origin, candidate=candidate, **given, now=utcnow())
    return _back("requests.customers_page")


@bp.post("/asked/times")
@public
@writes(first=_counted, again=_answer(_customers, "times", TimesForm))
def customer_offers(ready: None) -> ResponseReturnValue:
    """Offer other times."""
    form = TimesForm()
    if not form.validate():
        return _customers(times=form, status=422)
    candidate = _opened(LinkKind.CUSTOMER)
    if odd := _odd(form, behind_link(db(), candidate)):
        return _customers(times=form, odd=odd)
    given = {"walls": form.walls, "minutes": form.minutes.data, "zone": form.zone.data}
    offer_others(db(), current_actor().origin, candidate=candidate, **given, now=utcnow())
    flash(_("Thank you. Your times are passed on."), "good")
    return _back("requests.customers_page")


@bp.post("/asked/no")
@public
@writes(first=_counted, again=_answer(_customers, "no", CustomerNoForm))
def customer_declines(ready: None) -> ResponseReturnValue:
    """Say no, or name a colleague instead."""
    form = CustomerNoForm()
    if not form.validate():
        return _customers(no=form, status=422)
    given = {
        "code": form.code.data,
        "said": form.said.data or "",
        "colleague": form.colleague.data or "",
        "colleague_email": form.colleague_email.data or "",
        "seen": form.seen.data or None,
    }
    decline(db(), current_actor().origin, candidate=_opened(LinkKind.CUSTOMER), **given, now=utcnow())
    return _back("requests.customers_page")


@bp.post("/asked/outcome")
@public
@writes(first=_counted, again=_answer(_customers, "outcome", CustomerOutcomeForm))
def customer_says(ready: None) -> ResponseReturnValue:
    """Say what happened."""
    form = CustomerOutcomeForm()
    if not form.validate():
        return _customers(outcome=form, status=422)
    said: dict[str, Any] = {"came": form.came.data == "yes", "minutes": form.minutes.data, "note": form.note.data or ""}
    say_as_customer(db(), current_actor().origin, candidate=_opened(LinkKind.CUSTOMER), **said, now=utcnow())
    return _back("requests.customers_page")


@bp.get("/meet")
@public
def prospects_page() -> ResponseReturnValue:
    """The times that are offered to a prospect."""
    return _prospects()


def _prospects(pick: Form | None = None, no: Form | None = None, note: str = "", status: int = 200) -> ResponseReturnValue:
    try:
        candidate, gone = _shown(LinkKind.PROSPECT)
        asked: Asked = behind_link(db(), candidate)
    except LinkSpent as refusal:
        return _spent(refusal)
    speak_to(None)
    settled = asked.settled
    form = pick or PickForm(formdata=None, data=_given() | {"place": asked.meeting.place if asked.meeting else ""})
    zone = TimesForm(formdata=None).zone
    named = request.values.get("zone", "")[:ZONES]
    own = (asked.meeting.prospect_zone if asked.meeting else None) or asked.zone
    no = no or ProspectNoForm(formdata=None, data=_given())
    zone.data = form.zone.data = named if named in {value for value, _label in zone.choices} else own
    form.seen.data = settled.starts_at.isoformat() if settled else ""
    return render("requests/meet.html", asked=asked, form=form, no=no, zone=zone, note=note, now=utcnow(), **NAMES), max(status, gone)


@bp.post("/meet")
@public
@writes(first=_counted, again=_answer(_prospects, "pick", PickForm))
def prospect_picks(ready: None) -> ResponseReturnValue:
    """Pick a time, and say how one is reached."""
    form = PickForm()
    if not form.validate():
        return _prospects(pick=form, status=422)
    # A window that knew of no place takes none away.
    given: dict[str, Any] = {"slot_id": form.slot.data or 0, "place": form.place.data or None}
    given |= {"zone": form.zone.data, "seen": _moment(form.seen.data)}
    pick_as_prospect(db(), current_actor().origin, candidate=_opened(LinkKind.PROSPECT), **given, now=utcnow())
    return _back("requests.prospects_page")


@bp.post("/meet/other")
@public
@writes(first=_counted, again=_answer(_prospects, "no", ProspectNoForm))
def prospect_cannot(ready: None) -> ResponseReturnValue:
    """Say that no time suits, or that it is not needed any more."""
    form = ProspectNoForm()
    if not form.validate():
        return _prospects(no=form, status=422)
    candidate, origin, said, now = _opened(LinkKind.PROSPECT), current_actor().origin, form.said.data or "", utcnow()
    if form.what.data == WaitWord.NOT_NEEDED:
        say_not_needed(db(), origin, candidate=candidate, why=said, now=now)
    else:
        say_none_suits(db(), origin, candidate=candidate, wish=said, now=now)
    return _back("requests.prospects_page")
