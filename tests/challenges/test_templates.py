"""Templates: the ones that come, drafts made from them, one's own."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.challenges.actions import templates as actions
from portal.challenges.actions.editing import edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.stages import edit_stage
from portal.challenges.library.reading import FOLDER, built_in
from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.models.templates import OwnTemplate
from portal.challenges.queries.stages import gaps_of, stages_of
from portal.challenges.queries.templates import get_template, list_templates
from portal.challenges.queries.versions import current_version
from portal.challenges.rules.gaps import GAP, Gap, GapInChallenge, GapInStep, find_gaps, gaps_in
from portal.challenges.rules.offer import SUMMARY_LENGTH, TEXT_LENGTH, TITLE_LENGTH
from portal.challenges.rules.refusals import StagePointsTooMany, TooManyStages
from portal.challenges.rules.templates import FIELDS, Template, TemplateGone, document_of, moved, require_template, template_of
from portal.kernel.actor import ADMIN, Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.kernel.tracks import Track
from tests.challenges.test_races import at_once
from tests.factories.challenges import make_draft
from tests.factories.people import make_admin
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries

ADMIN_ACTOR = Actor(id=None, roles=frozenset({ADMIN}), origin="test")
ASKED_FOR = {
    "user-group", "advisory-board", "webinar", "product-survey", "beta-partner", "review", "testimonial", "case-study", "reference-call",
    "referral", "analyst-briefing", "media-interview", "customer-video", "speaking", "being-featured", "vip-visit",
}  # fmt: skip
LEADS = ("**What happens.**", "**How long it takes.**", "**What it is worth.**", "**What we do with your answer.**")
PRAISE = re.compile(
    r"\b(?:(?:5|five)[ -]?stars?|star rating|top rating"
    r"|(?:great|good|positive|glowing|excellent|favou?rable|nice) (?:review|word|rating|feedback|quote)s?"
    r"|praise|recommend us|rave|love (?:us|about)|say something nice|best things?|endorse us)\b",
    re.IGNORECASE,
)
ADDRESSES, UNREWARDED = {"url", "link"}, {"review-unrewarded"}
PUBLIC = {"review", "share-news", "own-post"}
OPEN = re.compile(r"received points|receive points|customer programme")
FIELDS_OF_A_FORM = {"title": "Our own review", "track": "endorse", "summary": "S", "text": "T", "points": "80", "minutes": "9"}
FIELDS_OF_A_FORM |= {"per_period": "1", "period": "once", "max_attempts": ""}


def texts(template: Template) -> str:
    offer = template.offer
    inner = [text for step in template.steps for text in (step.title, step.text, *(str(value) for value in step.options.values()))]
    return "\n".join([offer.title, offer.summary, offer.text, *inner])


def filled(value: Any, name: str = "") -> Any:
    """Return a text, or the texts in what JSON can hold, with every gap filled in: addresses with one, anything else with a place."""
    if isinstance(value, dict):
        return {key: filled(part, key) for key, part in value.items()}
    if isinstance(value, list):
        return [filled(part, name) for part in value]
    return GAP.sub("https://lisbon.example/there" if name in ADDRESSES else r"\1", value) if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Come to [[city]] on [[ date ]], [[city]]", ["city", "date"]),
        ("[link](https://x.example) and [] and [a] and [[]] and [[ ]]", []),
        ({"host": "[[site]]", "n": 3, "rows": [{"label": "[[label]]"}, None]}, ["site", "label"]),
        (f"[[{'x' * 121}]] [[two\nlines]]", []),
    ],
)
def test_a_gap_is_what_stands_in_double_square_brackets(value: Any, found: list[str]) -> None:
    assert gaps_in(value) == found


def test_gaps_are_found_in_texts_steps_and_their_options_in_the_order_of_reading() -> None:
    steps = [("Go to [[page]]", "", {"host": "[[site]]"}), ("Done", "by [[day]]", {})]
    assert find_gaps(["At [[place]]", "", ""], steps) == [
        Gap("place"),
        Gap("page", "Go to [[page]]"),
        Gap("site", "Go to [[page]]"),
        Gap("day", "Done"),
    ]


def test_there_are_enough_templates_on_every_track_and_those_asked_for() -> None:
    found = built_in()
    tracks = Counter(template.offer.track for template in found.values())
    assert len(found) >= 32
    assert min(tracks[track] for track in Track) >= 10
    assert set(found) >= ASKED_FOR


def test_a_template_reads_back_as_it_was_written() -> None:
    for key, template in built_in().items():
        assert template_of(document_of(template)) == template, key
        assert require_template(template) == template, key


def test_every_text_is_honest_whole_and_asks_for_no_praise() -> None:
    wrong: dict[str, list[str]] = {}
    for key, template in built_in().items():
        offer, said = template.offer, texts(template)
        faults = [lead for lead in LEADS if lead not in offer.text]
        faults += [found.group() for found in PRAISE.finditer(said)]
        faults += ["too long"] if len(offer.title) > TITLE_LENGTH or len(offer.summary) > SUMMARY_LENGTH or len(offer.text) > TEXT_LENGTH else []
        faults += ["no summary, minutes or points"] if not (offer.summary and offer.minutes and (offer.points or key in UNREWARDED)) else []
        faults += (
            ["not said openly"] if key in PUBLIC and not (OPEN.search(offer.text) and "You must say that you got something" in offer.text) else []
        )
        wrong |= {key: faults} if faults else {}
    assert wrong == {}
    assert PRAISE.search("Leave us a 5-star rating and a great review")


def test_another_language_is_taken_where_it_is_translated(tmp_path: Path) -> None:
    for language, key, title in (("en", "one", "One"), ("en", "two", "Two"), ("de", "one", "Eins"), ("de", "three", "Nur hier")):
        (tmp_path / language).mkdir(exist_ok=True)
        (tmp_path / language / f"{key}.toml").write_text(f'track = "earn"\ntitle = "{title}"\n')
    told = {language: [t.offer.title for t in built_in(language, tmp_path).values()] for language in ("en", "de", "de_CH", "fr", "../en")}
    assert told == {"en": ["One", "Two"], "de": ["Eins", "Two"], "de_CH": ["Eins", "Two"], "fr": ["One", "Two"], "../en": ["One", "Two"]}
    assert len(list((FOLDER / "en").glob("*.toml"))) == len(built_in())


def test_every_template_makes_a_draft_that_is_published_once_its_gaps_are_filled_in(session: Session) -> None:
    now = utcnow()
    for key, template in built_in().items():
        made = actions.make_draft(session, ADMIN_ACTOR, template_key=key, key=f"draft-{key}", now=now)
        version, stages = current_version(session, made), stages_of(session, made.id)
        assert (made.state, made.published_at, made.opens_on) == ("draft", None, None)
        assert [(s.kind, s.title, s.text, s.points) for s in stages] == [(s.kind, s.title, s.text, s.points) for s in template.steps], key
        asked = [{name: s.options.get(name) for name in step.options} for s, step in zip(stages, template.steps, strict=True)]
        assert asked == [dict(step.options) for step in template.steps], key
        gaps = gaps_of(version, stages)
        if gaps:
            expected = GapInChallenge if gaps[0].step is None else GapInStep
            with pytest.raises(expected, match=re.escape(gaps[0].name)):
                publish_challenge(session, ADMIN_ACTOR, challenge_id=made.id, now=now)
        offer = offer_of(version)
        offer = replace(offer, title=filled(offer.title), summary=filled(offer.summary), text=filled(offer.text))
        edit_challenge(session, ADMIN_ACTOR, challenge_id=made.id, offer=offer, now=now)
        for stage in stages:
            given = {"title": filled(stage.title), "text": filled(stage.text), "options": filled(stage.options), "points": stage.points}
            edit_stage(session, ADMIN_ACTOR, challenge_id=made.id, stage_id=stage.id, **given, now=now)
        assert publish_challenge(session, ADMIN_ACTOR, challenge_id=made.id, now=now).state == "live", key


def test_steps_of_a_template_move_and_may_not_be_too_many_or_carry_too_much() -> None:
    template = built_in()["advisory-board"]
    ids = [step.id for step in template.steps]
    assert [step.id for step in moved(template, ids[0], 1).steps] == [ids[1], ids[0], ids[2]]
    assert moved(template, ids[0], -1) == moved(template, ids[2], 1) == template
    with pytest.raises(TooManyStages):
        require_template(replace(template, steps=tuple(replace(template.steps[0], id=n) for n in range(21))))
    with pytest.raises(StagePointsTooMany):
        require_template(replace(template, steps=(replace(template.steps[0], points=template.offer.points + 1),)))


def test_a_challenge_kept_as_a_template_leaves_its_occasion_behind(session: Session) -> None:
    now = utcnow()
    challenge = make_draft(session, title="Ours", stages=("confirm", "link"), opens_on=now.date(), closes_on=now.date(), total_limit=5, period="week")
    kept = [actions.save_as_template(session, ADMIN_ACTOR, challenge_id=challenge.id, key="keep", now=now) for _ in range(2)]
    assert kept[0].id == kept[1].id
    made = actions.make_draft(session, ADMIN_ACTOR, template_key=kept[0].key, key="use", now=now)
    same = {name: getattr(challenge, name) for name in FIELDS}
    assert {name: getattr(made, name) for name in FIELDS} == same
    assert (made.opens_on, made.closes_on, made.total_limit) == (None, None, None)
    assert [(s.kind, s.title, s.text) for s in stages_of(session, made.id)] == [(s.kind, s.title, s.text) for s in stages_of(session, challenge.id)]
    actions.remove_template(session, ADMIN_ACTOR, template_key=kept[0].key, now=now)
    with pytest.raises(TemplateGone):
        actions.make_draft(session, ADMIN_ACTOR, template_key=kept[0].key, key="use again", now=now)
    assert len(stages_of(session, made.id)) == 2


def test_only_admins_touch_templates(session: Session) -> None:
    nobody = Actor(id=1, roles=frozenset({"advocate"}))
    challenge, offer, now = make_draft(session), built_in()["review"].offer, utcnow()
    for act in (
        lambda: actions.make_draft(session, nobody, template_key="review", key="k", now=now),
        lambda: actions.save_as_template(session, nobody, challenge_id=challenge.id, key="k", now=now),
        lambda: actions.edit_template(session, nobody, template_key="review", revision=0, offer=offer, now=now),
        lambda: actions.hide_template(session, nobody, template_key="review", now=now),
        lambda: actions.show_template(session, nobody, template_key="review", now=now),
        lambda: actions.remove_template(session, nobody, template_key="review", now=now),
        lambda: actions.restore_template(session, nobody, template_key="review", now=now),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_our_templates_can_be_hidden_and_restored_but_not_removed(session: Session) -> None:
    now, offer = utcnow(), built_in()["review"].offer
    before = len(list_templates(session))
    for _ in range(2):
        actions.hide_template(session, ADMIN_ACTOR, template_key="review", now=now)
    assert [one.key for one in list_templates(session, is_hidden=True)] == ["review"]
    assert len(list_templates(session)) == before - 1
    for _ in range(2):
        actions.show_template(session, ADMIN_ACTOR, template_key="review", now=now)
    actions.edit_template(session, ADMIN_ACTOR, template_key="review", revision=0, offer=replace(offer, title="Ours"), now=now)
    changed = get_template(session, "review")
    assert (changed.template.offer.title, changed.is_changed, changed.revision) == ("Ours", True, 1)
    for _ in range(2):
        actions.restore_template(session, ADMIN_ACTOR, template_key="review", now=now)
    assert get_template(session, "review").template == built_in()["review"]
    for act in (actions.remove_template, actions.hide_template, actions.restore_template):
        with pytest.raises(TemplateGone):
            act(session, ADMIN_ACTOR, template_key="review" if act is actions.remove_template else "own-none", now=now)


def test_of_eight_who_change_a_template_at_once_one_does(database: Database) -> None:
    offer, now = built_in()["review"].offer, utcnow()

    def work(number: int) -> Any:
        changed = replace(offer, title=f"Title {number}")
        return lambda s: actions.edit_template(s, system("test"), template_key="review", revision=0, offer=changed, now=now)

    assert Counter(at_once(database, [work(n) for n in range(8)])) == {None: 1, "TemplateChanged": 7}
    with database.reading() as session:
        assert get_template(session, "review").revision == 1


def test_eight_clicks_make_one_draft_and_keep_one_template(database: Database) -> None:
    now, challenge = utcnow(), database.write(make_draft)
    drafts = at_once(database, [lambda s: actions.make_draft(s, system("test"), template_key="review", key="one", now=now).id] * 8)
    kept = at_once(database, [lambda s: actions.save_as_template(s, system("test"), challenge_id=challenge.id, key="one", now=now).id] * 8)
    with database.reading() as session:
        counted = [session.scalar(select(func.count()).select_from(table)) for table in (Challenge, OwnTemplate, Stage)]
    assert (len(set(drafts)), len(set(kept))) == (1, 1)
    assert counted == [2, 1, 1 + len(built_in()["review"].steps)]


@pytest.fixture
def office(database: Database, sign_in: SignIn) -> PortalClient:
    return sign_in(database.write(lambda s: make_admin(s, name="Mara Lind")))


def test_an_admin_finds_a_template_sees_what_it_makes_and_makes_it_once(database: Database, office: PortalClient) -> None:
    assert f"{len(built_in())} templates to begin with." in office.get("/admin/challenges/templates").text
    found = office.get("/admin/challenges/templates?q=honest+opinion&track=endorse").text
    assert "Write an honest review on G2" in found
    assert "Sit on the customer advisory board" not in found
    assert "No template fits" in office.get("/admin/challenges/templates?q=zzzz").text
    page = office.get("/admin/challenges/templates/review").text
    assert "address of your page on G2" in page
    assert "Your review" in page
    first, second = (office.post("/admin/challenges/templates/review/use", data={"key": "click"}) for _ in range(2))
    assert (first.status_code, first.location) == (303, second.location)
    assert "To be filled in before you publish" in office.get(first.location).text
    with database.reading() as session:
        challenge_id = session.scalars(select(Challenge.id)).one()
    refused = office.post(f"/admin/challenges/{challenge_id}/publish")
    assert refused.status_code == 409
    assert "Please fill in “address of your page on G2” in the step “Your review”." in refused.text
    assert office.get("/admin/challenges/templates/nothing").status_code == 404
    assert office.post("/admin/challenges/templates/nothing/use", data={"key": "x"}).status_code == 404


def test_an_admin_changes_a_template_step_by_step_without_javascript(office: PortalClient) -> None:
    place = "/admin/challenges/templates/own-post"
    assert "Bring the first text back" not in office.get(place).text
    assert office.post(f"{place}/edit", data=FIELDS_OF_A_FORM | {"revision": "0", "points": "-1"}).status_code == 422
    assert office.post(f"{place}/edit", data=FIELDS_OF_A_FORM | {"revision": "0"}).status_code == 303
    stale = office.post(f"{place}/edit", data=FIELDS_OF_A_FORM | {"revision": "0", "title": "Stale"})
    assert stale.status_code == 409
    assert "Somebody changed this after you opened it" in stale.text
    assert 'value="Stale"' in stale.text
    assert "Our own review</span>" in stale.text
    step = {"title": "A picture", "text": "", "points": "0", "option_purpose": "image", "option_seen_by": "reviewers", "key": "k"}
    assert office.get(f"{place}/steps/new?kind=upload").status_code == 200
    assert office.post(f"{place}/steps/new?kind=upload", data=step | {"revision": "1", "points": "900"}).status_code == 422
    assert office.post(f"{place}/steps/new?kind=upload", data=step | {"revision": "1"}).status_code == 303
    assert office.post(f"{place}/steps/3/up").status_code == 303
    assert office.get(f"{place}/steps/3").status_code == 200
    assert office.post(f"{place}/steps/3", data=step | {"revision": "3", "title": "A drawing"}).status_code == 303
    assert office.post(f"{place}/steps/1/remove").status_code == 303
    shown = office.get(place).text
    titles = re.findall(r'<h3 class="font-semibold">(.*?)</h3>', shown)
    assert titles == ["A drawing", "Said openly"]
    assert "Changed by you" in shown
    assert office.get(f"{place}/steps/1").status_code == 404
    assert office.post(f"{place}/restore", follow_redirects=True).status_code == 200
    assert "Link to your text" in office.get(place).text


def test_the_list_asks_the_same_however_many_there_are(database: Database, office: PortalClient, count_queries: CountQueries) -> None:
    def more(session: Session, number: int) -> None:
        document, now = document_of(built_in()["review"]), utcnow()
        known = session.scalar(select(func.count()).select_from(OwnTemplate)) or 0
        session.add_all(OwnTemplate(key=f"own-{n}", document=document, revision=1, made_at=now, changed_at=now) for n in range(known, known + number))

    counted = []
    for number in (10, 190):
        database.write(lambda s, number=number: more(s, number))
        with count_queries() as counting:
            assert office.get("/admin/challenges/templates").status_code == 200
        counted.append(counting.total)
    assert counted[0] == counted[1]
    challenge = database.write(make_draft)
    refused = office.post(f"/admin/challenges/{challenge.id}/template", data={"key": "over"})
    assert refused.status_code == 409
    assert "There can be 200 templates of your own." in refused.text
