"""Friendly pages for what goes wrong, and sentences for refusals."""

from datetime import date, datetime
from typing import Any

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from portal.kernel.countries import Countries
from portal.kernel.errors import Busy, Refusal, Sentences, Unreachable
from portal.kernel.money import Money
from portal.kernel.text import N_
from portal.web import problems
from portal.web.countries import country_names
from portal.web.guards import PUBLIC, SignedOut, audience_of
from portal.web.language import day, moment, money, number
from portal.web.logs import log
from portal.web.redirects import came_from, page_over
from portal.web.templating import render

PAGES: dict[int, tuple[str, str]] = {
    400: (N_("That request did not arrive whole"), N_("Please go back, reload the page and try once more. Nothing was changed.")),
    403: (
        N_("This page is not for you"),
        N_("Your account does not have access here. If you think it should, ask the people who run the programme."),
    ),
    404: (N_("There is nothing here"), N_("The page may have moved, or the link may be incomplete.")),
    405: (N_("That does not work this way"), N_("Please go back and use the buttons on the page.")),
    409: (N_("Somebody was faster"), N_("This changed while you were looking at it. Nothing was done twice.")),
    413: (N_("That is too large"), N_("Please send less at once. Nothing was saved.")),
    422: (N_("That is not possible"), N_("Please go back and check what you entered.")),
    429: (N_("Too many tries"), N_("Please wait a few minutes, then try again.")),
    500: (N_("Something went wrong on our side"), N_("Nothing was half done. We have kept a record of it; please try again in a moment.")),
    503: (N_("The portal is busy"), N_("Nothing was changed. Please try again in a moment.")),
}
OUTAGE = N_("The portal cannot reach its database")
FILE_TOO_LARGE = N_("That file is too large")
SIGNED_OUT = N_("You are signed out")
NOT_TYPED = ("csrf_token", "key")


def sentence(refusal: Refusal, message: str | None = None) -> str:
    """Return the refusal's sentence, or ``message`` in its place, in the reader's language, and so are numbers, days and moments in its facts."""
    return str(_(message or refusal.message, **{name: shown_fact(fact) for name, fact in refusal.facts.items()}))


def shown_fact(fact: object) -> object:
    """Return a fact of a sentence as the reader reads it: days, moments, sums and numbers in their way of writing."""
    if isinstance(fact, datetime):
        return moment(fact)
    if isinstance(fact, date):
        return day(fact)
    if isinstance(fact, Money):
        return money(fact.cents)
    if isinstance(fact, Sentences):
        return " ".join(_(one) for one in fact)
    if isinstance(fact, Countries):
        return country_names(fact)
    return number(fact) if isinstance(fact, int) and not isinstance(fact, bool) else fact


def headers_of(refusal: Refusal) -> dict[str, str]:
    """Return the headers a refusal asks for: when to come back, where it knows that."""
    wait = refusal.facts.get("retry_after")
    return {"Retry-After": str(wait)} if wait else {}


Answer = tuple[str, int, dict[str, str]]


def _page(status: int, text: str | None = None, *, title: str | None = None, general: str | None = None, **shown: Any) -> Answer:
    """Return the page of a status, with ``text`` instead of what is said in general. ``title`` and ``general`` are marked with ``N_``.

    ``shown``: ``way_on`` and its ``way_label``, the way on instead of the front page; ``typed``, texts to be copied.
    """
    usual = PAGES.get(status, PAGES[500])
    title, general = title or usual[0], general or usual[1]
    headers: dict[str, str] = {}
    try:
        if request.headers.get("HX-Request"):
            headers |= {"HX-Retarget": "#flashes", "HX-Reswap": "innerHTML"}
            return render("errors/_toast.html", text=text or _(general), in_new_tab=shown), status, headers
        return render("errors/page.html", status=status, title=_(title), text=text or _(general), **shown), status, headers
    except Exception as error:
        # The friendly page asks who is signed in and under which address; without a database or with a strange host, this one asks nothing.
        log.error("error page", exc_info=error)
        plain = current_app.jinja_env.get_template("errors/_plain.html")
        return plain.render(title=title, text=general), status, headers


def _too_large() -> Answer:
    """Say how large a file may be, and lead back to the form it was sent with: the file alone is missing there."""
    text = _("Please choose a file of at most %(limit)s MB.", limit=number(current_app.config["SETTINGS"].upload_limit_mb))
    back = came_from() or page_over(request.path)
    shown: dict[str, Any] = {"way_on": back, "way_label": _("Back to the page")} if back else {}
    return _page(413, text, title=FILE_TOO_LARGE, **shown)


def _stale_form() -> Answer:
    """Say that a form's token is not good any more: most often because the person signed out, or in again, in another window."""
    back = came_from()
    shown: dict[str, Any] = {"typed": _typed()}
    needs_person = request.endpoint is not None and audience_of(current_app, request.endpoint) != PUBLIC
    if needs_person and not current_user.is_authenticated:
        return _signed_out()
    if back and needs_person:
        shown |= {"way_on": back, "way_label": _("Back to the page")}
    return _page(400, _("This form was open for too long or came from another page. Please reload it and send it again."), **shown)


def _signed_out() -> Answer:
    """Say that nothing was saved, and lead to the page by way of signing in.

    A page that may not be stored is gone when one goes back, so what was typed is shown to be copied.
    """
    sign_in = {"way_on": url_for("people.sign_in", next=came_from()), "way_label": _("Sign in")}
    return _page(SignedOut.status, _(SignedOut.message), title=SIGNED_OUT, typed=_typed(), **sign_in)


def _typed() -> list[str]:
    """Return the texts of a form that somebody wrote: more than one word, and no password."""
    fields = request.form.items(multi=True)
    return [text for name, text in fields if name not in NOT_TYPED and "password" not in name and len(text.split()) > 1]


def init(app: Flask) -> None:
    """Register the pages; offer ``|sentence`` for a refusal that is shown within another page."""
    app.jinja_env.filters["sentence"] = sentence

    @app.after_request
    def when_to_come_back(response: Response) -> Response:
        if response.status_code == 503:
            response.headers.setdefault("Retry-After", "5")
        return response

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> ResponseReturnValue:
        if isinstance(refusal, Busy):
            log.warning("busy")
        if problems.is_wanted():
            return problems.of_refusal(refusal, headers_of(refusal))
        if isinstance(refusal, SignedOut):
            return _signed_out()
        body, status, headers = _page(refusal.status, sentence(refusal))
        return body, status, headers | headers_of(refusal)

    @app.errorhandler(Unreachable)
    def database_away(outage: Unreachable) -> ResponseReturnValue:
        log.error("the database cannot be reached", path=request.path, error=str(outage.__cause__ or ""))
        if problems.is_wanted():
            return problems.problem(503, kind="unreachable", title="Unreachable", detail=str(outage))
        # Who reads this cannot be asked for: nobody is signed in as long as this answer is made, so that it needs no database.
        g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
        return _page(503, title=OUTAGE, general=outage.message)

    @app.errorhandler(CSRFError)
    def stale_form(_error: CSRFError) -> Answer:
        return _stale_form()

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        if error.code is None or error.code < 400:
            return error.get_response()
        if problems.is_wanted():
            return problems.of_http(error)
        if error.code == 405 and request.method in ("GET", "HEAD") and (page := page_over(request.path)) not in (None, request.path):
            # The address of a button, opened again from the line of addresses: its page is where one wanted to be.
            asked = request.query_string.decode("ascii", "ignore")
            return redirect(f"{page}?{asked}" if asked else str(page), 303)
        if error.code == 413 and (request.content_length or 0) > current_app.config["MAX_CONTENT_LENGTH"]:
            return _too_large()
        body, _status, headers = _page(error.code if error.code in PAGES else 500 if error.code >= 500 else 400)
        wait = getattr(error, "retry_after", None)
        return body, error.code, headers | ({"Retry-After": str(wait)} if wait else {})

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> ResponseReturnValue:
        log.error("unexpected", path=request.path, exc_info=error)
        if app.config.get("PROPAGATE"):
            raise error
        if problems.is_wanted():
            return problems.problem(500, title="Internal Server Error", detail="Nothing was half done. Please send it again.")
        return _page(500)
