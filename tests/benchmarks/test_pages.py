"""Every request that is measured is answered on a made programme, and every act does what its name says."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from benchmarks import maker
from benchmarks.furnishing import furnish
from benchmarks.pages import Visit
from benchmarks.probe import Probe
from portal.audit.models import AuditEvent
from portal.invariants import problems
from portal.kernel.db import Database

# The act, and what each of its requests leaves in the record; some requests take two of them in turn.
ACTS = {
    "submit": ["submission.sent"],
    "approve": ["submission.approved"],
    "decline": ["submission.declined"],
    "ask for more": ["submission.more_wanted"],
    "decline and undo, in turn": ["submission.declined", "submission.recalled"],
    "redeem": ["reward.redeemed"],
    "redeem a card from the vault": ["reward.redeemed"],
    "correct a balance": ["points.adjusted"],
    "dispute a line": ["dispute.made"],
    "log an ask": ["ask.logged"],
    "ask and say no, in turn": ["ask.made", "ask.declined"],
    "ask 50": ["ask.made"],
    "say how one wants to be asked": ["person.goodwill_set"],
    "nominate": ["nomination.submitted"],
    "nominate 10": ["nomination.submitted"],
    "approve a nomination": ["nomination.accepted"],
    "say something about one's nomination": ["nomination.commented"],
    "hide and show a reference profile": ["profile.hidden", "profile.shown"],
    "write a reference profile": ["profile.edited"],
    "say that a reference profile is true": ["profile.answered"],
    "let a reference rest and go on, in turn": ["profile.moved", "profile.moved"],
    "write down a consent": ["consent.given"],
    "ask account owners about 10 profiles": ["profile.asked"],
    "say something of oneself": ["profile.edited_own"],
    "say what one does": ["profile.does_changed"],
    "take days off and not, in turn": ["profile.days_added", "profile.days_removed"],
    "request a reference": ["request.sent"],
    "keep a request as a draft": ["request.drafted"],
    "take a request up": ["request.taken_up"],
    "propose somebody and take them back, in turn": ["request.proposed", "request.candidate_taken_back"],
    "say who picks the time for the prospect": ["request.prospect_set"],
    "pick another time": ["request.rebooked"],
    "account owner agrees, customer is written to (link)": ["request.customer_asked"],
    "account owner does not agree (link)": ["request.owner_refused"],
    "customer says yes with three times (link)": ["request.accepted"],
    "customer says no (link)": ["request.customer_declined"],
    "customer offers other times (link)": ["request.other_times"],
    "prospect picks a time (link)": ["request.booked"],
    "no time suits the prospect (link)": ["request.none_suits"],
    "both sides say what happened, in turn": ["request.said_by_requester", "request.said_by_customer"],
    "nominee agrees (link)": ["nomination.agreed"],
    "nominee says no and chooses anew, in turn (link)": ["nomination.customer_declined", "nomination.turned_round"],
    "account owner says that a profile is true (link)": ["profile.answered"],
    "pause and resume, in turn (link)": ["profile.paused", "profile.unpaused"],
    "write down what is known of a company": ["company.handed_over"],
}
SEVERAL = ("ask 50", "nominate 10", "ask account owners about 10 profiles")
NOT_RECORDED = {
    "mark a favourite and take the mark off, in turn",
    "take an item of the library",
    "want the weekly mail and not, in turn",
    "show how to reach the customer of a request",
    "look at 50 to ask",
    "a nomination draft keeps itself",
    "wish",
    "show contact details (admin)",
    "join and leave a waiting list",
    "a step keeps itself",
    "look at 20 tracking numbers (admin)",
}


@pytest.fixture
def visit(app: Flask, programme: maker.Programme) -> Visit:
    app.test_client_class = FlaskClient  # the visitors bring their own tokens
    return Visit(app, app.extensions["database"], programme)


def last_event(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.max(AuditEvent.id))) or 0


def events_after(database: Database, event_id: int) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AuditEvent.name).where(AuditEvent.id > event_id).order_by(AuditEvent.id)))


def test_every_page_is_shown_and_every_act_done(app: Flask, database: Database, visit: Visit) -> None:
    probe, wrong, done = Probe(app), {}, {}
    for page in visit.pages():
        source, before = page.asks(1), last_event(database)
        asks = [next(source)]
        answers = [probe.ask(asks[0])]
        for _more in ACTS.get(page.name, [])[1:]:
            asks.append(next(source))
            answers.append(probe.ask(asks[-1]))
        is_act = asks[0].form is not None
        assert is_act == (page.name in ACTS or page.name in NOT_RECORDED), page.name
        if set(answers) - ({200, 303} if is_act else {200}):
            wrong[page.name] = answers, [ask.path for ask in asks]
        if page.name in ACTS:
            done[page.name] = events_after(database, before)
    assert wrong == {}
    done |= {name: sorted(set(done[name])) for name in SEVERAL}
    assert {name: [event for event in done[name] if event in events] for name, events in ACTS.items()} == ACTS, done
    with database.snapshot() as session:
        assert problems(session) == []


def test_a_programme_is_furnished_once(app: Flask, visit: Visit) -> None:
    assert furnish(app, visit.programme) == visit.furniture
