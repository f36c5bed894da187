"""The dry run and the answer to why not."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.audience.actions.editing import remove_rule
from portal.audience.kinds.contract import Phrase
from portal.audience.queries.audiences import sheet_of
from portal.audience.queries.reach import Figures, reach_of
from portal.audience.queries.reasons import Reason, people_called, why_not
from portal.audience.rules import Mode, Verdict
from portal.challenges.actions.answering import withdraw_submission
from portal.challenges.actions.review import decline_attempt
from portal.challenges.audience.owner import ChallengeOwner
from portal.kernel.actor import system
from portal.kernel.clock import local_date, start_of_day
from portal.kernel.db import programme_zone
from portal.people.actions.joining import invite_person
from portal.people.actions.states import deactivate_person
from portal.people.models import Person
from tests.factories.audience import in_industry, make_rule, show_only_to
from tests.factories.challenges import as_advocate, make_attempt, make_challenge, make_submission
from tests.factories.people import make_admin, make_company, make_contact, make_employee, make_person

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OWNER = ChallengeOwner()


def person_in(session: Session, industry: str, **given: Any) -> Person:
    return make_person(session, company_id=make_company(session, industry=industry).id, **given)


def test_the_dry_run_counts_who_sees_it_loses_it_gains_it_and_is_in_the_middle(session: Session) -> None:
    challenge = make_challenge(session, max_attempts=1)
    ada, ben = person_in(session, "Retail", name="Ada"), person_in(session, "Retail", name="Ben")
    cyd, dan, eva = (person_in(session, industry, name=name) for industry, name in (("Energy", "Cyd"), ("Energy", "Dan"), ("Banking", "Eva")))
    for person in (ben, cyd):
        make_submission(session, person, challenge)
    audience = show_only_to(session, challenge, in_industry("Retail"))
    assert reach_of(session, OWNER, audience.id, NOW).figures == Figures(members=5, now=2, then=2, under_way=2, keep=1)

    rule = sheet_of(session, audience.id).side("include")[0]
    remove_rule(session, system("test"), audience_id=audience.id, rule_id=rule.id, at_once=False, now=NOW)
    make_rule(session, audience.id, *in_industry("Energy"), at_once=False)
    reach = reach_of(session, OWNER, audience.id, NOW)
    assert reach.figures == Figures(members=5, now=2, then=2, gain=2, lose=2, under_way=2, keep=1)
    assert reach.is_edited
    assert reach.seers == [(cyd.id, "Cyd"), (dan.id, "Dan")]
    assert reach.losers == [(ada.id, "Ada"), (ben.id, "Ben")]
    assert reach.keepers == [(ben.id, "Ben")]
    assert eva.id not in {person_id for person_id, _ in (*reach.seers, *reach.losers, *reach.keepers)}


def test_only_active_advocates_count_and_the_invited_stand_apart(session: Session) -> None:
    challenge, retail = make_challenge(session), make_company(session, industry="Retail")
    make_person(session, company_id=retail.id)
    gone = make_person(session, company_id=retail.id)
    deactivate_person(session, system("test"), person_id=gone.id, reason="left", now=NOW)
    make_contact(session, company_id=retail.id, email=None)
    for company_id in (retail.id, None):
        invite_person(session, system("test"), person_id=make_contact(session, company_id=company_id).id, now=NOW)
    make_employee(session, company_id=retail.id)
    make_admin(session)
    audience = show_only_to(session, challenge, in_industry("Retail"))
    assert reach_of(session, OWNER, audience.id, NOW).figures == Figures(members=1, now=1, then=1, invited=1)


def test_who_is_in_the_middle_is_whose_turn_it_is_or_who_waits(session: Session) -> None:
    challenge = make_challenge(session, max_attempts=2)
    open_, waits, again, out, gone = (make_person(session) for _ in range(5))
    make_submission(session, open_, challenge)
    make_attempt(session, waits, challenge)
    decline_attempt(session, system("test"), attempt_id=make_attempt(session, again, challenge).id, reason="No", now=NOW)
    for _ in range(2):
        decline_attempt(session, system("test"), attempt_id=make_attempt(session, out, challenge).id, reason="No", now=NOW)
    withdraw_submission(session, as_advocate(gone), submission_id=make_submission(session, gone, challenge).id, now=NOW)
    audience = show_only_to(session, challenge, ("role", {"values": ["employee"]}))
    figures = reach_of(session, OWNER, audience.id, NOW).figures
    assert (figures.under_way, figures.keep) == (3, 3)
    begun = {p.id for p in (open_, waits, again, out, gone) if why_not(session, OWNER, audience.id, p, NOW).has_begun}
    assert begun == {open_.id, waits.id, again.id}


def test_a_dry_run_costs_the_same_number_of_statements_whatever_the_rules(session: Session, count_queries: Any) -> None:
    make_company(session, industry="Retail")
    person_in(session, "Retail")
    few = show_only_to(session, make_challenge(session), in_industry("Retail"))
    many = show_only_to(session, make_challenge(session), *[in_industry("Retail")] * 20, exclude=tuple([("role", {"values": ["admin"]})] * 20))
    totals = []
    for audience in (few, many):
        session.expire_all()
        with count_queries() as counted:
            reach_of(session, OWNER, audience.id, NOW)
            sheet_of(session, audience.id)
        totals.append(counted.total)
    assert totals[0] == totals[1] <= 6


def reasons(session: Session, audience_id: int, person: Person) -> Reason:
    return why_not(session, OWNER, audience_id, person, NOW).now


def named(reason: Reason) -> list[Phrase]:
    return list(reason.phrases)


def test_why_not_names_the_exact_rule(session: Session) -> None:
    challenge = make_challenge(session)
    make_company(session, industry="Energy")
    include, exclude = (in_industry("Retail"), ("language", {"values": ["en"]})), (("role", {"values": ["employee"]}),)
    audience = show_only_to(session, challenge, *include, exclude=exclude, include_mode="all")
    retail, german, left_out = sheet_of(session, audience.id).rules
    insider = person_in(session, "Retail")
    assert reasons(session, audience.id, insider) == Reason(Verdict.INCLUDED, Mode.ALL, [retail.phrase, german.phrase])
    assert reasons(session, audience.id, person_in(session, "Energy")) == Reason(Verdict.NOT_INCLUDED, Mode.ALL, [retail.phrase])
    french = person_in(session, "Retail", language="fr")
    assert reasons(session, audience.id, french) == Reason(Verdict.NOT_INCLUDED, Mode.ALL, [german.phrase])
    both = person_in(session, "Retail", roles={"advocate", "employee"})
    assert reasons(session, audience.id, both) == Reason(Verdict.EXCLUDED, Mode.ANY, [left_out.phrase])


def test_why_not_answers_for_the_changes_too(session: Session) -> None:
    audience, person = show_only_to(session, make_challenge(session)), person_in(session, "Energy")
    assert why_not(session, OWNER, audience.id, person, NOW).then is None
    make_rule(session, audience.id, *in_industry("Retail"), at_once=False)
    why = why_not(session, OWNER, audience.id, person, NOW)
    assert why.now.verdict is Verdict.EVERYBODY
    assert why.then is not None
    assert why.then.verdict is Verdict.NOT_INCLUDED


def test_people_are_found_by_part_of_the_name_or_the_whole_address(session: Session) -> None:
    ana, anabel = make_person(session, name="Ana"), make_person(session, name="Anabel", email="bel@x.example")
    assert [p.id for p in people_called(session, "ana")] == [ana.id, anabel.id]
    assert [p.id for p in people_called(session, "BEL@x.example")] == [anabel.id]
    assert people_called(session, "zoe") == []


def test_of_what_is_scheduled_the_dry_run_says_from_when_on_it_is_seen(session: Session) -> None:
    opens_on = local_date(NOW, programme_zone(session)) + timedelta(days=3)
    challenge = make_challenge(session, opens_on=opens_on)
    audience = show_only_to(session, challenge, in_industry("Retail"))
    moment = start_of_day(opens_on, programme_zone(session))
    assert reach_of(session, OWNER, audience.id, NOW).opens_at == moment
    assert reach_of(session, OWNER, audience.id, moment).opens_at is None
