"""Every page, found in ``url_map`` so that a new one joins by itself: accessible, quiet in the console, whole at 320 px."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.kernel.db import Database
from portal.people.queries.persons import get_person
from portal.rewards.rules.tickets import number_of
from portal.web.guards import audience_of
from tests.factories.story import Story
from tests.journeys.conftest import Visitor
from tests.support.application import SECRET
from tests.support.routes import routes
from tests.support.site import Site

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ALL_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
# What depends on which side things stand on. Names, roles, labels and their order know no direction, and colours know none either.
SIDES = ["target-size", "scrollable-region-focusable", "skip-link", "region", "bypass"]
# A colour that is still on its way to another is let arrive. Only what is wrong is handed over: what is right is every node of every page.
RUN = """({direction, ...options}) => {
    if (!window.axe) return null;
    document.documentElement.dir = direction;
    document.getAnimations().filter(each => each instanceof CSSTransition).forEach(each => each.finish());
    return axe.run(document, options).then(found => found.violations);
}"""
SHOWN = """() => [
    document.documentElement.scrollWidth, document.querySelectorAll("h1").length, document.querySelector("main").innerText
]"""
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1280, "height": 800}
# Answers that are no pages: files, probes, style sheets.
NO_PAGES = {
    "static",
    "health.healthz",
    "health.readyz",
    "appearance.brand",
    "appearance.mark",
    "appearance.favicon",
    "files.download",
    "files.picture",
    "files.video",
    "challenges.of_submission",
}
# What a page must be asked for besides its address.
ASKED = {"steps/new": "?kind=answer", "rules/new": "?side=include&kind=industry"}
BROKEN = re.compile(r"Undefined|None|\{\{|%\(\w+\)s")
LINKS = {"/join", "/reset", "/confirm-email", "/proposal", "/profiles/check", "/my-reference/link", "/agree", "/asked", "/meet"}
AUDIENCES = {
    "visitor": {"public"},
    "advocate": {"advocate", "member"},
    "employee": {"employee", "staff", "member"},
    "admin": {"admin", "reviewer", "staff", "member"},
}
SAME_ENGINE = "what a browser shows does not depend on the database engine; the journeys run on both"


def arguments(story: Story) -> dict[str, object]:
    """Return, for each name in a route, an id from the story."""
    return {
        "challenge_id": story.challenge,
        "submission_id": story.submission,
        "stage_id": story.stage,
        "attempt_id": story.waiting_attempt,
        "reward_id": story.reward,
        "redemption_id": story.redemption,
        "ticket_number": number_of(story.ticket, SECRET),
        "card_id": story.card,
        "code_batch_id": story.code_batch,
        "nomination_id": story.nomination,
        "request_id": story.request,
        "candidate_id": story.candidate,
        "badge_id": story.badge,
        "holding_id": story.holding,
        "season_id": story.season,
        "consent_id": story.consent,
        "gallery_item_id": story.gallery_item,
        "library_item_id": story.library_item,
        "repricing_id": story.repricing,
        "days_id": story.days,
        "person_id": story.advocate,
        "reference_name": story.advocate,
        "company_id": story.company,
        "file_id": story.file,
        "batch_id": story.batch,
        "audience_id": story.audience,
        "audience_rule_id": story.audience_rule,
        "tag_id": story.tag,
        "kind": "attempt",
        "template_key": "review",
        "site_key": "google",
        "template_step": 1,
    }


def addresses(app: Flask, story: Story, audience: str) -> list[str]:
    found = routes(app, frozenset({"GET"}), arguments(story))
    return sorted(
        {
            path + ASKED.get(path.rsplit("/", 2)[-2] + "/" + path.rsplit("/", 1)[-1], "")
            for endpoint, _, path in found
            if endpoint not in NO_PAGES and not path.endswith(".csv") and audience_of(app, endpoint) in AUDIENCES[audience]
        }
    )


def opened(visitor: Visitor, address: str) -> bool:
    """Open an address and tell whether it is a page; one behind a one-time link says 410 without it, which is a page too."""
    response = visitor.page.goto(visitor.site.url + address)
    assert response is not None
    assert response.status == (410 if address.split("?")[0] in LINKS else 200), f"{address}: {response.status}"
    visitor.problems[:] = [problem for problem in visitor.problems if "410" not in problem]
    return "text/html" in response.headers["content-type"] and "<html" in response.text()


def signed_in(visit: Callable[..., Visitor], database: Database, story: Story, audience: str, **options: object) -> Visitor:
    visitor = visit(**options)
    if audience != "visitor":
        with database.reading() as session:
            email = get_person(session, getattr(story, audience)).email
        assert email
        visitor.sign_in(email)
    return visitor


def violations(visitor: Visitor, *rules: str, direction: str = "ltr") -> list[str]:
    asked = {"direction": direction, "runOnly": [*rules], "resultTypes": ["violations"]}
    found = visitor.page.evaluate(RUN, asked)
    if found is None:  # Who looks at many pages lets each bring it along.
        visitor.page.evaluate(AXE.read_text())
        found = visitor.page.evaluate(RUN, asked)
    return [f"{v['id']} ({v['impact']}): {[n['html'][:120] for n in v['nodes'][:3]]}" for v in found]


def faults(visitor: Visitor) -> Iterator[str]:
    """Tell what is wrong with an open page: light and left-to-right everything; then dark its colours, right-to-left its sides; narrow its width."""
    page = visitor.page
    yield from violations(visitor, *ALL_RULES)
    page.emulate_media(color_scheme="dark")
    yield from (f"dark, right-to-left: {fault}" for fault in violations(visitor, *COLOURS, *SIDES, direction="rtl"))
    page.emulate_media(color_scheme="light")
    page.evaluate("document.documentElement.dir = 'ltr'")
    page.set_viewport_size(NARROW)
    width, headings, text = page.evaluate(SHOWN)
    page.set_viewport_size(WIDE)
    if width > NARROW["width"]:
        yield f"{width} px wide on {NARROW['width']} px"
    if headings != 1:
        yield f"{headings} h1"
    if broken := BROKEN.findall(text):
        yield f"shows {broken}"


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_page_is_accessible_in_every_look_fits_320_pixels_and_has_one_heading(
    app: Flask, site: Site, story: Story, database: Database, visit: Callable[..., Visitor], audience: str
) -> None:
    """One visit to each page; its looks are changed while it is open, as its reader's device would."""
    visitor = signed_in(visit, database, story, audience)
    visitor.context.add_init_script(path=AXE)
    found: dict[str, list[str]] = {}
    pages = 0
    for address in addresses(app, story, audience):
        if opened(visitor, address):
            pages += 1
            if wrong := list(faults(visitor)):
                found[address] = wrong
    assert found == {}, json.dumps(found, indent=1)
    assert pages >= 4
