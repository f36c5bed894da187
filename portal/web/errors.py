"""Friendly pages for what goes wrong, and sentences for refusals."""

from datetime import date, datetime

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from portal.kernel.errors import Busy, Refusal, Unreachable
from portal.kernel.text import N_
from portal.web.language import day, moment, number
from portal.web.logs import log
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
    413: (N_("That file is too large"), N_("Please choose a smaller file. What you typed is still on the page before this one.")),
    422: (N_("That is not possible"), N_("Please go back and check what you entered.")),
    429: (N_("Too many tries"), N_("Please wait a few minutes, then try again.")),
    500: (N_("Something went wrong on our side"), N_("Nothing was half done. We have kept a record of it; please try again in a moment.")),
    503: (N_("The portal is busy"), N_("Nothing was changed. Please try again in a moment.")),
}
OUTAGE = N_("The portal cannot reach its database")


def sentence(refusal: Refusal) -> str:
    """Return the refusal's sentence in the reader's language, numbers, days and moments in its facts as that language writes them."""
    return str(_(refusal.message, **{name: _shown(fact) for name, fact in refusal.facts.items()}))


def _shown(fact: object) -> object:
    if isinstance(fact, datetime):
        return moment(fact)
    if isinstance(fact, date):
        return day(fact)
    return number(fact) if isinstance(fact, int) and not isinstance(fact, bool) else fact


def headers_of(refusal: Refusal) -> dict[str, str]:
    """Return the headers a refusal asks for: when to come back, where it knows that."""
    wait = refusal.facts.get("retry_after")
    return {"Retry-After": str(wait)} if wait else {}


Answer = tuple[str, int, dict[str, str]]


def _page(status: int, text: str | None = None, *, title: str | None = None, general: str | None = None) -> Answer:
    """Return the page of a status, with ``text`` instead of what is said in general. ``title`` and ``general`` are marked with ``N_``."""
    usual = PAGES.get(status, PAGES[500])
    title, general = title or usual[0], general or usual[1]
    headers: dict[str, str] = {}
    try:
        if request.headers.get("HX-Request"):
            headers |= {"HX-Retarget": "#flashes", "HX-Reswap": "innerHTML"}
            return render("errors/_toast.html", text=text or _(general)), status, headers
        return render("errors/page.html", status=status, title=_(title), text=text or _(general)), status, headers
    except Exception as error:
        # The friendly page asks who is signed in and under which address; without a database or with a strange host, this one asks nothing.
        log.error("error page", exc_info=error)
        plain = current_app.jinja_env.get_template("errors/_plain.html")
        return plain.render(title=title, text=general), status, headers


def init(app: Flask) -> None:
    """Register the pages; offer ``|sentence`` for a refusal that is shown within another page."""
    app.jinja_env.filters["sentence"] = sentence

    @app.after_request
    def when_to_come_back(response: Response) -> Response:
        if response.status_code == 503:
            response.headers.setdefault("Retry-After", "5")
        return response

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Answer:
        if isinstance(refusal, Busy):
            log.warning("busy")
        body, status, headers = _page(refusal.status, sentence(refusal))
        return body, status, headers | headers_of(refusal)

    @app.errorhandler(Unreachable)
    def database_away(outage: Unreachable) -> Answer:
        log.error("the database cannot be reached", path=request.path, error=str(outage.__cause__ or ""))
        # Who reads this cannot be asked for: nobody is signed in as long as this answer is made, so that it needs no database.
        g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
        return _page(503, title=OUTAGE, general=outage.message)

    @app.errorhandler(CSRFError)
    def stale_form(_error: CSRFError) -> Answer:
        return _page(400, _("This form was open for too long or came from another page. Please reload it and send it again."))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        if error.code is None or error.code < 400:
            return error.get_response()
        body, _status, headers = _page(error.code if error.code in PAGES else 500 if error.code >= 500 else 400)
        wait = getattr(error, "retry_after", None)
        return body, error.code, headers | ({"Retry-After": str(wait)} if wait else {})

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Answer:
        log.error("unexpected", path=request.path, exc_info=error)
        if app.config.get("PROPAGATE"):
            raise error
        return _page(500)
