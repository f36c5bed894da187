"""What requests hand to other rooms, through the real hooks: which open deal may need somebody, their track record, what is asked for."""

from datetime import timedelta

from sqlalchemy.orm import Session

from portal.finding.queries.facts import facts_of
from portal.finding.queries.price import ask_price
from portal.finding.rules.facts import Record
from portal.kernel.clock import local_date
from portal.profiles.rules.activity import Activity
from portal.references.queries.gaps import DEMAND, few_voices
from portal.references.rules.gaps import Gap
from portal.requests.actions.ending import close_deal
from portal.requests.actions.outcomes import say_as_customer, say_as_requester
from portal.requests.queries.records import CompletedRequests, asked_for, live_needs
from portal.requests.rules.states import DealOutcome
from tests.factories.requests import Cast
from tests.requests.test_path import ORIGIN, ZONE, cast, to_booked

__all__ = ["cast"]


def test_the_price_tells_of_the_open_deal_that_may_need_them_the_record_of_what_was_done_and_the_gaps_of_what_is_asked_for(
    session: Session, cast: Cast
) -> None:
    session.info |= {"track_records": CompletedRequests(), "live_needs": live_needs, DEMAND: lambda s: asked_for(s, cast.at)}
    cast.company.industry, cast.company.region = "Transport", "EMEA"
    done = cast.request(session)
    candidate, meeting = to_booked(session, cast, done.id)
    over = meeting.starts_at + timedelta(hours=3)
    say_as_customer(session, ORIGIN, candidate=candidate, came=True, minutes=45, now=over)
    say_as_requester(session, cast.greta, request_id=done.id, candidate_id=candidate.id, came=True, grade=5, now=over)
    close_deal(session, cast.greta, request_id=done.id, outcome=DealOutcome.WON, closed_on=local_date(over, ZONE), now=over)
    assert facts_of(session, [cast.ada_id], over)[cast.ada_id].record == Record(1, 1, (5,))

    def told(needed_in: int | None, without: int | None = None) -> list[object]:
        day = today + timedelta(days=needed_in) if needed_in is not None else None
        price = ask_price(session, cast.ada_id, Activity.CALL, day, cast.at, request_id=without)
        return [other.needed_by for other in price.others]

    today = local_date(cast.at, ZONE)
    in_40, in_20, in_400 = (today + timedelta(days=days) for days in (40, 20, 400))
    cast.request(session, industry="Pumps", region="EMEA", needed_by=in_20)
    cast.request(session, activity=Activity.SPEAKING, needed_by=in_20)
    assert told(None) == [], "another industry, and what Ada does not do"
    cast.request(session, industry="transport", needed_by=in_400)
    assert (told(None), told(30), told(400)) == ([in_400], [], [in_400]), "her slot is free again by then, unless it is taken until then"
    fitting = cast.request(session, industry="Transport", region="EMEA", needed_by=in_40)
    assert (told(None), told(30), told(30, without=fitting.id)) == ([in_40, in_400], [in_40], [])
    old = cast.request(session, industry="Transport", region="EMEA", needed_by=in_400)
    old.opened_at = cast.at - timedelta(days=366)
    session.flush()
    assert asked_for(session, cast.at) == {("Pumps", "EMEA"): 1, ("Transport", "EMEA"): 1}
    assert few_voices(session)[0] == Gap("Pumps", "EMEA", "", 0, 0, 1), "asked for, and nobody takes part; Ada speaks for Transport"
