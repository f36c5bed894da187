"""Every page, found in ``url_map`` so that a new one joins by itself: accessible, quiet in the console, whole at 320 px."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from portal.kernel.db import Database
from portal.people.queries.persons import get_person
from portal.web.guards import audience_of
from tests.factories.story import Story
from tests.journeys.conftest import Visitor
from tests.support.site import Site

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN = "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
# Answers that are no pages: files, probes, style sheets.
NO_PAGES = {"static", "health.healthz", "health.readyz", "appearance.brand", "appearance.mark", "files.download", "files.picture"}
AUDIENCES = {
    "visitor": {"public"},
    "advocate": {"advocate", "member"},
    "employee": {"employee", "staff", "member"},
    "admin": {"admin", "staff", "member"},
}
SAME_ENGINE = "what a browser shows does not depend on the database engine; the journeys run on both"


def arguments(story: Story) -> dict[str, object]:
    """Return, for each name in a route, an id from the story."""
    return {
        "challenge_id": story.challenge,
        "submission_id": story.submission,
        "attempt_id": story.waiting_attempt,
        "reward_id": story.reward,
        "redemption_id": story.redemption,
        "nomination_id": story.nomination,
        "person_id": story.advocate,
        "company_id": story.company,
        "file_id": story.file,
        "kind": "attempt",
    }


def addresses(app: Flask, story: Story, audience: str) -> list[str]:
    known = arguments(story)
    found = []
    with app.test_request_context():
        adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
        for rule in app.url_map.iter_rules():
            if "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGES and audience_of(app, rule.endpoint) in AUDIENCES[audience]:
                found.append(adapter.build(rule.endpoint, filled(rule, known)))
    return sorted(set(found))


def filled(rule: Rule, known: dict[str, object]) -> dict[str, object]:
    unknown = rule.arguments - set(known)
    assert not unknown, f"{rule.rule}: say in arguments() which {unknown} to open"
    return {name: known[name] for name in rule.arguments}


def signed_in(visit: Callable[..., Visitor], database: Database, story: Story, audience: str, **options: object) -> Visitor:
    visitor = visit(**options)
    if audience != "visitor":
        with database.reading() as session:
            email = get_person(session, getattr(story, audience)).email
        assert email
        visitor.sign_in(email)
    return visitor


def violations(visitor: Visitor) -> list[str]:
    visitor.page.evaluate(AXE.read_text())
    result = visitor.page.evaluate(RUN)
    return [f"{v['id']} ({v['impact']}): {[n['html'][:120] for n in v['nodes'][:3]]}" for v in result["violations"]]


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_no_page_has_an_accessibility_violation(
    app: Flask, site: Site, story: Story, database: Database, visit: Callable[..., Visitor], audience: str
) -> None:
    """Light and dark, left-to-right and pseudo right-to-left."""
    visitor = signed_in(visit, database, story, audience)
    found: dict[str, list[str]] = {}
    opened = 0
    for address in addresses(app, story, audience):
        for scheme in ("light", "dark"):
            visitor.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for direction in ("", "pseudo-rtl"):
                response = visitor.page.goto(f"{site.url}{address}{f'?dir={direction}' if direction else ''}")
                assert response is not None
                assert response.status in (200, 404), f"{address}: {response.status}"
                if "text/html" not in response.headers["content-type"] or "<html" not in response.text():
                    continue
                opened += 1
                if faults := violations(visitor):
                    found[f"{address} {scheme} {direction or 'ltr'}"] = faults
    visitor.problems[:] = [p for p in visitor.problems if "404" not in p]
    assert found == {}, json.dumps(found, indent=1)
    assert opened >= 4


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_page_fits_320_pixels_and_has_one_heading(
    app: Flask, site: Site, story: Story, database: Database, visit: Callable[..., Visitor], audience: str
) -> None:
    visitor = signed_in(visit, database, story, audience, viewport={"width": 320, "height": 640})
    wrong = []
    for address in addresses(app, story, audience):
        response = visitor.page.goto(site.url + address)
        assert response is not None
        if "text/html" not in response.headers["content-type"] or "<html" not in response.text():
            continue
        width = visitor.page.evaluate("document.documentElement.scrollWidth")
        headings = visitor.page.locator("h1").count()
        if width > 320 or headings != 1:
            wrong.append(f"{address}: {width} px wide, {headings} h1")
        broken = re.findall(r"(?:Undefined|None|\{\{|%\(\w+\)s)", visitor.page.locator("main").inner_text())
        if broken:
            wrong.append(f"{address}: shows {broken}")
    visitor.problems[:] = [p for p in visitor.problems if "404" not in p]
    assert wrong == []
