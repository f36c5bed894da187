"""Hard filters where somebody is proposed by name: each refused by name, and lifted only by a reason and another admin."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import CompanyAccount
from portal.acts.actions.asking import Override
from portal.acts.actions.blocking import set_block
from portal.acts.models.asks import Ask, OpenAsk
from portal.acts.rules.refusals import ApproverNeeded, OpenEscalation, ReasonNeeded
from portal.acts.rules.terms import BlockKind
from portal.finding.rules import misfits as no
from portal.kernel.db import Database
from portal.profiles.actions.consenting import take_back_own
from portal.profiles.actions.editing import set_visible
from portal.profiles.actions.moving import move_profile
from portal.profiles.actions.own import remove_me
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.states import Move, Status
from portal.requests.actions.ending import close_deal
from portal.requests.actions.following import follow
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose
from portal.requests.actions.telling import asked_words
from portal.requests.queries.asked import behind_link
from portal.requests.rules.refusals import ClosedLater, NotToBeAskedNow
from portal.requests.rules.states import DealOutcome
from portal.wiring import ASK_PAGES, PROFILE_REMOVED
from tests.factories.people import make_admin
from tests.factories.references import acting
from tests.factories.requests import Cast
from tests.requests.test_path import cast, mails, state
from tests.support.application import SignIn
from tests.support.forms import fields_of

__all__ = ["cast"]
LIFTED: list[tuple[type[no.Misfit], dict[str, Any], dict[str, Any]]] = [
    (no.NotVerified, {"verified_at": -timedelta(days=181)}, {}),
    (no.NeverVerified, {"verified_at": None}, {}),
    (no.Detracts, {"nps": 3}, {}),
    (no.NotFoundNow, {"is_visible": False}, {}),
    (no.NotFoundNow, {"status": Status.CANDIDATE}, {}),
    (no.NotFoundNow, {"status": Status.RESTING}, {}),
    (no.OtherProduct, {}, {"product": "Loom"}),
    (no.OtherLanguage, {}, {"language": "Malayalam"}),
]


@pytest.mark.parametrize(("misfit", "profile", "need"), LIFTED)
def test_who_does_not_fit_is_refused_by_name_and_proposed_with_a_reason_that_an_admin_approves(
    session: Session, cast: Cast, misfit: type[no.Misfit], profile: dict[str, Any], need: dict[str, Any]
) -> None:
    row = session.get_one(ReferenceProfile, cast.ada_id)
    for field, value in profile.items():
        setattr(row, field, cast.at + value if isinstance(value, timedelta) else value)
    if "nps" in profile:
        row.nps_at = cast.at
    session.flush()
    session.info["ask_pages"] = ASK_PAGES
    request = cast.request(session, **need)
    given = {"request_id": request.id, "person_id": cast.ada_id, "now": cast.at}
    with pytest.raises(misfit), session.begin_nested():
        propose(session, cast.admin, **given)
    with pytest.raises(no.StandsAgainst if misfit in no.SENSITIVE else misfit), session.begin_nested():
        propose(session, cast.greta, **given)
    for override, why in (
        (Override("", cast.admin.id), ReasonNeeded), (Override("The only one.", None), ApproverNeeded),
        (Override("The only one.", cast.owner.id), ApproverNeeded), (Override("The only one.", cast.greta.id), ApproverNeeded),
    ):  # fmt: skip
        with pytest.raises(why), session.begin_nested():
            propose(session, cast.greta, override=override, **given)
    assert state(session, request.id) == "open"
    candidate = propose(session, cast.greta, override=Override("The only one.", cast.admin.id), **given)
    ask = session.get_one(Ask, candidate.ask_id)
    assert (ask.overrode, ask.override_reason, ask.approver_id) == (misfit.__name__, "The only one.", cast.admin.id)
    (link,) = [payload["link"] for kind, _, payload in mails(session) if kind == "ask_overridden"]
    assert link == f"/requests/{request.id}", "where it is taken back"
    mailed, shown = asked_words(session, request, candidate), behind_link(session, candidate)
    told = [("Beyond a rule of ours for whom we ask.", {})]
    assert (mailed["beyond"], shown.beyond, mailed["approver"], shown.approver) == (told, told, "Imani", "Imani"), "which rule is for staff"


def test_a_renewal_near_is_refused_by_name(session: Session, cast: Cast) -> None:
    day = (cast.at + timedelta(days=12)).date()
    session.add(CompanyAccount(company_id=cast.company.id, renewal_on=day, goals="", notes="", competitors="", changed_at=cast.at))
    session.flush()
    with pytest.raises(no.RenewalNear):
        propose(session, cast.admin, request_id=cast.request(session).id, person_id=cast.ada_id, now=cast.at)


def test_nothing_lifts_an_escalation_a_consent_that_is_missing_or_the_prospects_own_group(session: Session, cast: Cast) -> None:
    override = Override("It has to be.", make_admin(session).id)
    for need, why in (({"activity": Activity.SPEAKING}, no.NoConsent), ({"prospect": "WORKS"}, no.OwnGroup)):
        request = cast.request(session, **need)
        with pytest.raises(why), session.begin_nested():
            propose(session, cast.admin, request_id=request.id, person_id=cast.ada_id, override=override, now=cast.at)
    set_block(session, cast.admin, kind=BlockKind.ESCALATION, reason="A case.", person_id=cast.ada_id, now=cast.at)
    request = cast.request(session)
    for actor, why in ((cast.admin, OpenEscalation), (cast.greta, NotToBeAskedNow)):
        with pytest.raises(why), session.begin_nested():
            propose(session, actor, request_id=request.id, person_id=cast.ada_id, override=override, now=cast.at)


def test_an_override_is_kept_when_the_slot_is_renewed(session: Session, cast: Cast) -> None:
    session.get_one(ReferenceProfile, cast.ada_id).nps = 3
    session.flush()
    request = cast.request(session)
    override = Override("The only one.", cast.admin.id)
    candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, override=override, now=cast.at)
    late = cast.at + timedelta(days=10)
    agree(session, cast.owner, request_id=request.id, candidate_id=candidate.id, asks_now=True, now=late)
    asks = session.scalars(select(Ask).where(Ask.person_id == cast.ada_id).order_by(Ask.id)).all()
    assert [(ask.overrode, ask.override_reason, ask.approver_id) for ask in asks] == [("Detracts", "The only one.", cast.admin.id)] * 2


@pytest.mark.parametrize("way", ["hold", "retire", "hide", "self"])
def test_who_is_held_retired_or_hidden_after_they_were_asked_is_taken_back_and_reminded_no_more(session: Session, cast: Cast, way: str) -> None:
    session.info["profile_removed"] = PROFILE_REMOVED
    request = cast.request(session)
    candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    agree(session, cast.owner, request_id=request.id, candidate_id=candidate.id, asks_now=True, now=cast.at)
    given = {"person_id": cast.ada_id, "now": cast.at + timedelta(days=1)}
    if way == "hide":
        set_visible(session, cast.admin, is_visible=False, **given)
    elif way == "self":
        request.handler_id = cast.admin.id
        session.flush()
        remove_me(session, acting(cast.ada_row), **given)
        left = [
            (kind, to, sent["data"]) for kind, to, sent in mails(session) if kind == "profile_removed" or sent["data"].get("step") == "taken_back"
        ]
        assert len({to for _, to, _ in left}) == len(left) > 2, "one mail to each, whoever follows it as what"
        assert [["Reference call", request.prospect]] in [data.get("called_off") for _, _, data in left], "that mail names what came to nothing"
    else:
        move_profile(session, cast.admin, way=Move(way), reason="A secret case.", **given)
    session.expire_all()
    assert (state(session, request.id), candidate.state, session.scalars(select(OpenAsk)).all()) == ("matching", "withdrawn", [])
    assert follow(session, request_id=request.id, now=cast.at + timedelta(days=6)) == ""
    told = [payload["data"] for kind, _, payload in mails(session) if kind == "request_step" and payload["data"]["step"] == "taken_back"]
    assert told, "the requester hears of it"
    assert "secret" not in str(told)


@pytest.mark.parametrize("way", ["block", "consent"])
def test_who_is_held_or_agreed_no_more_after_they_were_asked_is_reminded_no_more_but_taken_back(session: Session, cast: Cast, way: str) -> None:
    request = cast.request(session)
    candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    agree(session, cast.owner, request_id=request.id, candidate_id=candidate.id, asks_now=True, now=cast.at)
    if way == "block":
        set_block(session, cast.admin, kind=BlockKind.ESCALATION, reason="A case.", person_id=cast.ada_id, now=cast.at)
    else:
        take_back_own(session, acting(cast.ada_row), person_id=cast.ada_id, activity=Activity.CALL, never=False, now=cast.at)
    written = [kind for kind, to, _ in mails(session) if to == "ada@works.example"]
    assert follow(session, request_id=request.id, now=cast.at + timedelta(days=4)) == "taken_back"
    assert (state(session, request.id), candidate.state, session.scalars(select(OpenAsk)).all()) == ("matching", "withdrawn", [])
    heard = ["request_not_needed"] if way == "block" else []
    assert [kind for kind, to, _ in mails(session) if to == "ada@works.example"] == written + heard, "who ended it themself hears nothing of it"


def test_who_agreed_no_more_is_not_written_to(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    take_back_own(session, acting(cast.ada_row), person_id=cast.ada_id, activity=Activity.CALL, never=False, now=cast.at)
    with pytest.raises(no.NoConsent), session.begin_nested():
        agree(session, cast.owner, request_id=request.id, candidate_id=candidate.id, asks_now=True, now=cast.at)
    assert "request_asked" not in [kind for kind, _, _ in mails(session)]


def test_a_deal_closes_on_no_day_to_come(session: Session, cast: Cast) -> None:
    day = (cast.at + timedelta(days=2)).date()
    with pytest.raises(ClosedLater):
        close_deal(session, cast.greta, request_id=cast.request(session).id, outcome=DealOutcome.WON, closed_on=day, now=cast.at)


def test_the_page_says_the_rule_and_lets_it_be_asked_anyway(database: Database, sign_in: SignIn) -> None:
    def begin(session: Session) -> tuple[Cast, int]:
        cast = Cast(session)
        session.get_one(ReferenceProfile, cast.ada_id).nps = 3
        return cast, cast.request(session).id

    cast, request_id = database.write(begin)
    greta, typed = sign_in(cast.greta_row), {"who": f"Ada (#{cast.ada_id})"}
    assert "Which admin answers for it" not in greta.get(f"/requests/{request_id}").text
    refused = greta.post(f"/requests/{request_id}/propose", data=typed)
    assert refused.status_code == 422
    assert "Something stands against it: ask the account owner or an admin." in refused.text
    assert "3 of 10" not in refused.text
    assert "Their newest score is 3 of 10." in sign_in(cast.admin_row).post(f"/requests/{request_id}/propose", data=typed).text
    assert "Which admin answers for it" in refused.text
    empty = greta.post(f"/requests/{request_id}/propose", data=fields_of(refused.text, having="who") | {"reason": "", "approver": ""})
    assert (empty.status_code, "Please say why" in empty.text, "Name an active admin" in empty.text) == (422, True, True)
    assert f"Ada (#{cast.ada_id})" in empty.text, "what was typed is kept"
    again = greta.post(f"/requests/{request_id}/propose", data=typed | {"reason": "The only one."})
    assert again.status_code == 422
    assert "Name an active admin" in again.text
    assert "The only one." in again.text
    done = greta.post(f"/requests/{request_id}/propose", data=typed | {"reason": "The only one.", "approver": cast.admin.id})
    assert done.status_code == 303
