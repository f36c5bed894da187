"""Review sites: what follows for points, proof, disclosure and boards; the organisation's own words; what a challenge keeps."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.acts.rules.acts import UNREWARDED
from portal.audit.models import AuditEvent
from portal.challenges.actions.answering import save_answers, submit_attempt
from portal.challenges.actions.editing import duplicate_challenge, edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.lifecycle import ask_for_review
from portal.challenges.actions.review import approve_attempt, reverse_approval
from portal.challenges.actions.sites import add_site, check_site, edit_site, restore_site
from portal.challenges.actions.stages import add_stage, edit_stage, remove_stage
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Submission
from portal.challenges.queries.badges import ChallengesDone
from portal.challenges.queries.sites import challenges_by_site, get_site, list_sites
from portal.challenges.queries.stages import own_stages, stages_of
from portal.challenges.queries.versions import current_version
from portal.challenges.rules import sites as rules
from portal.challenges.rules.sites import Site, SiteFacts, built_in, disclosure_in
from portal.challenges.stages.contract import Step, Stored, file_control
from portal.challenges.stages.registry import stage_kind
from portal.challenges.stages.review import (
    DisclosureNotConfirmed,
    NotPosted,
    PictureMissing,
    ProofMissing,
    ReviewElsewhere,
    ReviewLinkInvalid,
)
from portal.files.receiving import Received
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed, Refusal
from portal.ledger.queries.balances import balance_of
from portal.recognition.badges.contract import ACTS
from portal.recognition.models import ActWeek, PeriodScore
from portal.recognition.queries.facts import gather
from tests.challenges.review_sites import PORTAL, review
from tests.factories.challenges import as_admin, as_advocate, make_draft, make_submission
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import make_badge
from tests.support.application import SignIn

OWN = SiteFacts(
    "Fach-Portal", ("fachportal.example",), True, None, 50, {"en": "I was given points.", "de": "Ich bekam Punkte."}, ("link",), "", "a page"
)


VALUE = Decimal("0.03")


@pytest.mark.parametrize(
    ("key", "cap"),
    [("gartner", 833), ("g2", None), ("capterra", None), ("trustradius", None), ("google", 0), ("trustpilot", 0), ("apple", 0), ("google_play", 0)],
)
def test_what_the_product_knows_of_a_site_is_whole(key: str, cap: int | None) -> None:
    site = built_in()[key]
    assert site.cap(VALUE) == cap
    assert rules.require_site(site.facts) == site.facts
    assert {"en", "de"} <= set(site.facts.disclosures)
    assert site.facts.source
    assert site.is_stale(date(2026, 11, 27)) is (site.checked_on is None)


def test_gartner_wants_no_proof_and_no_ceiling_above_25_dollars_in_any_programme() -> None:
    gartner = built_in()["gartner"]
    assert gartner.facts.proofs == ("none",)
    assert [gartner.cap(Decimal(value)) for value in ("0.01", "0.03", "1", "30")] == [2_500, 833, 25, 0]


@pytest.mark.parametrize(
    ("days", "is_stale"),
    [(0, False), (180, False), (181, True), (None, True)],
)
def test_a_profile_that_nobody_looked_at_for_180_days_is_stale(days: int | None, is_stale: bool) -> None:
    today = date(2026, 11, 27)
    site = Site("x", OWN, checked_on=None if days is None else today - timedelta(days=days))
    assert site.is_stale(today) is is_stale


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"name": " "}, rules.SiteNameMissing),
        ({"hosts": ()}, rules.HostsWrong),
        ({"hosts": ("https://g2.com/x",)}, rules.HostsWrong),
        ({"hosts": ("localhost",)}, rules.HostsWrong),
        ({"hosts": ("10.0.0.1",)}, rules.HostsWrong),
        ({"proofs": ("video",)}, rules.ProofMissing),
        ({"disclosures": {"de": "Nur deutsch"}}, rules.DisclosureMissing),
        ({"disclosures": {"en": "  "}}, rules.DisclosureMissing),
        ({"is_incentive_allowed": False}, rules.CapWithoutReward),
        ({"cap_points": 0}, rules.CapOutOfRange),
        ({"cap_cents": -1}, rules.CapOutOfRange),
        ({"name": "Other", "hosts": ("WWW.G2.com.",)}, None),
    ],
)
def test_a_profile_that_says_nothing_whole_is_refused_by_name(change: dict[str, Any], refusal: type[Refusal] | None) -> None:
    facts = SiteFacts(**{**OWN.__dict__, **change})
    if refusal is None:
        assert rules.require_site(facts).hosts == ("g2.com",)
        return
    with pytest.raises(refusal):
        rules.require_site(facts)


@pytest.mark.parametrize(("language", "read"), [("de", "de"), ("de_AT", "de"), ("en", "en"), ("pl", "en"), ("", "en")])
def test_a_disclosure_is_read_in_the_readers_language_or_in_english(language: str, read: str) -> None:
    assert disclosure_in(OWN.disclosures, language) == (read, OWN.disclosures[read])


STAMP = {"site": "own", "site_name": "Own", "site_version": 3, "hosts": ["own.example"], "disclosures": dict(OWN.disclosures), "cap": 50}


RECEIVED = Received(storage_name="a" * 32, filename="thanks.png", media_type="image/png", purpose="image", size=9, sha256="b" * 64)


class _Kept:
    id, filename, size, is_image = 7, "thanks.png", 9, True


def _keep(received: Received) -> Stored:
    assert received is RECEIVED
    return _Kept()


@pytest.mark.parametrize(
    ("options", "given", "problem"),
    [
        ({"allowed": ["link"]}, {"disclosed": ["de:3"], "link": "own.example/r/1"}, None),
        ({"allowed": ["link"]}, {"disclosed": ["de:3"], "link": "https://www.own.example/r/1"}, None),
        ({"allowed": ["link"]}, {"disclosed": [], "link": "own.example/r/1"}, DisclosureNotConfirmed),
        ({"allowed": ["link"]}, {"disclosed": ["de:2"], "link": "own.example/r/1"}, DisclosureNotConfirmed),
        ({"allowed": ["link"]}, {"disclosed": ["en:3"], "link": "own.example/r/1"}, DisclosureNotConfirmed),
        ({"allowed": ["link"]}, {"disclosed": ["de:3"], "link": "https://own.example.evil.example/"}, ReviewElsewhere),
        ({"allowed": ["link"]}, {"disclosed": ["de:3"], "link": "ftp://own.example/"}, ReviewLinkInvalid),
        ({"allowed": ["link"]}, {"disclosed": ["de:3"]}, ReviewLinkInvalid),
        ({"allowed": ["link"]}, {"disclosed": ["de:3"], "posted": True}, ReviewLinkInvalid),
        ({"allowed": ["link", "screenshot"]}, {"disclosed": ["de:3"]}, ProofMissing),
        ({"allowed": ["link", "screenshot"]}, {"disclosed": ["de:3"], "picture": RECEIVED}, None),
        ({"allowed": ["link", "screenshot"]}, {"disclosed": ["de:3"], "link": "own.example/1"}, None),
        ({"allowed": ["link", "screenshot"], "proof": "screenshot"}, {"disclosed": ["de:3"]}, PictureMissing),
        ({"allowed": ["none"]}, {"disclosed": ["de:3"], "posted": True}, None),
        ({"allowed": ["none"]}, {"disclosed": ["de:3"]}, NotPosted),
        ({"allowed": ["link", "none"], "proof": "none"}, {"disclosed": ["de:3"], "posted": True}, None),
    ],
)
def test_what_completes_an_online_review(options: dict[str, Any], given: dict[str, Any], problem: type[Refusal] | None) -> None:
    kind, step = stage_kind("review"), Step("Review", STAMP | options, "de")
    assert set(given) <= set(kind.controls(step)) | {"posted"}
    value = kind.read(step, given, {}, _keep)
    assert type(kind.problem(step, value)) is (problem or type(None))


def test_what_was_confirmed_is_kept_with_its_text_language_and_version() -> None:
    kind, step = stage_kind("review"), Step("Review", STAMP | {"allowed": ["link", "screenshot"]}, "de_AT")
    assert kind.controls(step)["disclosed"].choices == (("de:3", "Ich bekam Punkte."),)
    value = kind.read(step, {"disclosed": ["de:3"], "link": "own.example/1", "picture": RECEIVED}, {}, _keep)
    assert value["disclosure"] == {"text": "Ich bekam Punkte.", "language": "de", "version": 3}
    assert kind.shown(value) == {"disclosed": ["de:3"], "link": "https://own.example/1"}
    assert kind.links(value) == ("https://own.example/1",)
    assert kind.read(step, {}, value, _keep) == {"picture": value["picture"]}
    name, control = file_control(kind, step) or ("", None)
    assert (name, control and control.purpose) == ("picture", "image")


def test_a_site_that_allows_no_reward_sets_the_challenge_to_nothing_and_refuses_points_from_then_on(database: Database) -> None:
    def unrewarded(session: Session) -> tuple[int, int]:
        challenge = make_draft(session, points=100)
        first = stages_of(session, challenge.id)[0]
        edit_stage(session, PORTAL, challenge_id=challenge.id, stage_id=first.id, title="Ask", text="", options={}, points=40, now=utcnow())
        made = review(session, challenge.id, "google")
        assert [stage.points for stage in stages_of(session, challenge.id)] == [0, 0]
        assert (session.get_one(Challenge, challenge.id).points, current_version(session, challenge).points) == (0, 0)
        assert session.scalar(select(func.count()).select_from(AuditEvent).where(AuditEvent.name == "challenge.unrewarded")) == 1
        return challenge.id, made.id

    challenge_id, stage_id = database.write(unrewarded)

    def offered(session: Session, points: int) -> None:
        offer = offer_of(current_version(session, session.get_one(Challenge, challenge_id)))
        edit_challenge(session, PORTAL, challenge_id=challenge_id, offer=type(offer)(**{**offer.__dict__, "points": points}), now=utcnow())

    with pytest.raises(rules.NoRewardAllowed) as told:
        database.write(lambda s: offered(s, 1))
    assert (told.value.field, told.value.status, told.value.facts) == ("points", 422, {"site": "Google"})
    with pytest.raises(rules.NoRewardAllowed):
        database.write(lambda s: review(s, challenge_id, "trustpilot", points=5))
    with pytest.raises(rules.NoRewardAllowed):
        database.write(
            lambda s: add_stage(s, PORTAL, challenge_id=challenge_id, kind="confirm", title="More", points=5, now=utcnow()),
        )
    with pytest.raises(rules.NoRewardAllowed):
        database.write(
            lambda s: edit_stage(
                s, PORTAL, challenge_id=challenge_id, stage_id=stage_id, title="R", text="", options={"site": "google"}, points=1, now=utcnow()
            )
        )
    with pytest.raises(rules.NoRewardAllowed):
        database.write(lambda s: review(s, make_draft(s, points=50).id, "apple", points=5))
    assert database.write(lambda s: publish_challenge(s, PORTAL, challenge_id=challenge_id, now=utcnow())).points == 0


def test_a_site_with_a_limit_refuses_more_by_name(database: Database) -> None:
    challenge = database.write(lambda s: make_draft(s, points=834))
    with pytest.raises(rules.RewardOverCap) as told:
        database.write(lambda s: review(s, challenge.id, "gartner"))
    assert told.value.facts == {"site": "Gartner Peer Insights", "cap": 833, "points": 834}
    within = database.write(lambda s: make_draft(s, points=833))
    database.write(lambda s: review(s, within.id, "gartner"))
    with pytest.raises(rules.RewardOverCap):
        database.write(
            lambda s: edit_challenge(
                s,
                PORTAL,
                challenge_id=within.id,
                offer=type(offer := offer_of(current_version(s, within)))(**{**offer.__dict__, "points": 900}),
                now=utcnow(),
            )
        )


@pytest.mark.parametrize(
    ("options", "refusal"),
    [({"site": "nowhere"}, rules.SiteUnknown), ({}, rules.SiteUnknown), ({"site": "gartner", "proof": "screenshot"}, rules.ProofNotAllowed)],
)
def test_a_review_names_a_site_and_a_proof_that_it_allows(database: Database, options: dict[str, str], refusal: type[Refusal]) -> None:
    challenge = database.write(lambda s: make_draft(s, points=5))
    with pytest.raises(refusal):
        database.write(
            lambda s: add_stage(s, PORTAL, challenge_id=challenge.id, kind="review", title="Review", options=options, now=utcnow()),
        )


def test_a_version_keeps_the_profile_it_was_published_with_and_the_next_takes_the_newest(database: Database) -> None:
    def published(session: Session) -> tuple[int, str]:
        key = add_site(session, PORTAL, facts=OWN, key="form-1", now=utcnow()).key
        assert add_site(session, PORTAL, facts=OWN, key="form-1", now=utcnow()).key == key
        challenge = make_draft(session, stages=("confirm",), points=50)
        review(session, challenge.id, key)
        publish_challenge(session, PORTAL, challenge_id=challenge.id, now=utcnow())
        assert challenges_by_site(session) == {key: 1}
        return challenge.id, key

    challenge_id, key = database.write(published)
    changed = SiteFacts(**{**OWN.__dict__, "disclosures": {"en": "New words."}, "cap_points": 40})
    database.write(lambda s: edit_site(s, PORTAL, key=key, version=1, facts=changed, now=utcnow()))
    with pytest.raises(rules.SiteChanged):
        database.write(lambda s: edit_site(s, PORTAL, key=key, version=1, facts=OWN, now=utcnow()))

    def later(session: Session) -> None:
        person = make_person(session)
        begun = make_submission(session, person, session.get_one(Challenge, challenge_id))
        kept = own_stages(session, begun)[1].options
        assert (kept["site_version"], kept["cap"], kept["disclosures"]) == (1, 50, dict(OWN.disclosures))
        add_stage(session, PORTAL, challenge_id=challenge_id, kind="confirm", title="One more", now=utcnow())

    database.write(later)
    with pytest.raises(rules.RewardOverCap) as told:
        database.write(lambda s: publish_challenge(s, PORTAL, challenge_id=challenge_id, now=utcnow()))
    assert told.value.facts == {"site": "Fach-Portal", "cap": 40, "points": 50}
    with pytest.raises(rules.RewardOverCap):
        database.write(lambda s: ask_for_review(s, PORTAL, challenge_id=challenge_id, now=utcnow()))

    def lowered(session: Session) -> None:
        offer = offer_of(current_version(session, session.get_one(Challenge, challenge_id)))
        edit_challenge(session, PORTAL, challenge_id=challenge_id, offer=type(offer)(**{**offer.__dict__, "points": 40}), now=utcnow())
        publish_challenge(session, PORTAL, challenge_id=challenge_id, now=utcnow())
        newest = stages_of(session, challenge_id)[1].options
        assert (newest["site_version"], newest["disclosures"]) == (2, {"en": "New words."})
        copy = duplicate_challenge(session, PORTAL, challenge_id=challenge_id, title="Copy", now=utcnow())
        assert stages_of(session, copy.id)[1].options == newest

    database.write(lowered)
    database.write(lambda s: restore_site(s, PORTAL, key=key, now=utcnow()))
    with database.reading() as session:
        assert key not in {site.key for site in list_sites(session)}
        with pytest.raises(rules.SiteUnknown):
            get_site(session, key)


def test_own_words_take_the_place_of_the_products_and_can_be_given_up(database: Database) -> None:
    today, now = date(2026, 11, 27), utcnow()
    database.write(lambda s: check_site(s, PORTAL, key="g2", today=today, now=now))
    with database.reading() as session:
        site = get_site(session, "g2")
        assert (site.checked_on, site.version, site.is_edited, site.facts) == (today, 1, False, built_in()["g2"].facts)
    capped = SiteFacts(**{**built_in()["g2"].facts.__dict__, "cap_points": 500})
    database.write(lambda s: edit_site(s, PORTAL, key="g2", version=1, facts=capped, now=now))
    with database.reading() as session:
        site = get_site(session, "g2")
        assert (site.cap(VALUE), site.version, site.is_edited, site.checked_on) == (500, 2, True, today)
    database.write(lambda s: restore_site(s, PORTAL, key="g2", now=now))
    with database.reading() as session:
        site = get_site(session, "g2")
        assert (site.cap(VALUE), site.version, site.is_edited, site.checked_on) == (None, 3, False, today)
    with pytest.raises(NotAllowed):
        database.write(lambda s: check_site(s, as_advocate(make_person(s)), key="g2", today=today, now=now))
    with pytest.raises(rules.SiteUnknown):
        database.write(lambda s: check_site(s, PORTAL, key="nowhere", today=today, now=now))


def _reviewed(session: Session, site: str, points: int) -> tuple[int, Submission]:
    """Return somebody whose review on ``site`` was approved."""
    challenge = make_draft(session, stages=(), points=points)
    stage = review(session, challenge.id, site, proof="none")
    publish_challenge(session, PORTAL, challenge_id=challenge.id, now=utcnow())
    person = make_person(session)
    submission = make_submission(session, person, challenge)
    kept = {"text": "t", "language": "en", "version": stage.options["site_version"]}
    values = {own_stages(session, submission)[0].id: {"disclosure": kept, "is_posted": True}}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=values, now=utcnow())
    attempt = submit_attempt(session, as_advocate(person), submission_id=submission.id, key=f"sent-{site}", now=utcnow())
    approve_attempt(session, as_admin(make_admin(session)), attempt_id=attempt.id, now=utcnow())
    return person.id, submission


def test_a_review_that_may_not_be_rewarded_stands_on_no_board_and_counts_for_no_badge_and_no_streak(app: Any) -> None:
    database: Database = app.extensions["database"]

    def counted(session: Session, site: str, points: int) -> dict[str, Any]:
        person_id, submission = _reviewed(session, site, points)
        acts = session.scalars(select(Act).where(Act.person_id == person_id)).all()
        found = {
            "acts": [(act.kind, act.points) for act in acts],
            "points": balance_of(session, person_id).lifetime,
            "scores": session.scalar(select(func.count()).select_from(PeriodScore).where(PeriodScore.member_id == person_id)),
            "weeks": session.scalar(select(func.count()).select_from(ActWeek).where(ActWeek.act_id.in_([act.id for act in acts]))),
            "for badges": gather(session, person_id, {ACTS}, utcnow()).count(),
            "challenges": len(ChallengesDone().done_by(session, person_id)),
        }
        reverse_approval(session, as_admin(make_admin(session)), submission_id=submission.id, reason="Taken down", now=utcnow())
        return found

    none = {"acts": [(UNREWARDED, 0)], "points": 0, "scores": 0, "weeks": 0, "for badges": 0, "challenges": 0}
    assert database.write(lambda s: counted(s, "google", 100)) == none
    rewarded = database.write(lambda s: counted(s, "g2", 100))
    assert (rewarded["acts"], rewarded["points"], rewarded["weeks"], rewarded["for badges"], rewarded["challenges"]) == (
        [("review", 100)],
        100,
        1,
        1,
        1,
    )
    assert rewarded["scores"] > 0


def test_only_what_counts_for_badges_says_that_it_leads_nearer_to_them(app: Any, sign_in: SignIn) -> None:
    def offered(session: Session, site: str) -> int:
        challenge = make_draft(session, stages=(), points=0)
        review(session, challenge.id, site, proof="none")
        publish_challenge(session, PORTAL, challenge_id=challenge.id, now=utcnow())
        return challenge.id

    database: Database = app.extensions["database"]
    person, google, g2 = database.write(lambda s: (make_person(s), offered(s, "google"), offered(s, "g2")))
    database.write(lambda s: make_badge(s, options={"number": 5}))
    client = sign_in(person)
    told = ["Leads nearer to" in client.get(f"/challenges/{challenge_id}").text for challenge_id in (google, g2)]
    assert told == [False, True]


def test_nobody_confirms_points_that_a_challenge_does_not_carry(session: Session) -> None:
    made = make_draft(session, stages=(), points=100)
    g2 = review(session, made.id, "g2")

    def disclosed() -> str:
        session.refresh(g2)
        return str(g2.options["disclosures"]["en"])

    assert disclosed() == rules.REWARDED["en"]
    google = review(session, made.id, "google")
    assert (current_version(session, made).points, disclosed()) == (0, rules.UNREWARDED["en"])
    remove_stage(session, PORTAL, challenge_id=made.id, stage_id=google.id, now=utcnow())
    offer = offer_of(current_version(session, made))
    edit_challenge(session, PORTAL, challenge_id=made.id, offer=replace(offer, points=50), now=utcnow())
    assert disclosed() == rules.REWARDED["en"]
    edit_challenge(session, PORTAL, challenge_id=made.id, offer=replace(offer, points=0), now=utcnow())
    publish_challenge(session, PORTAL, challenge_id=made.id, now=utcnow())
    assert disclosed() == rules.UNREWARDED["en"]
