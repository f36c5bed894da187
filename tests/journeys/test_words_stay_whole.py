"""What is pressed or read at one glance, a button or a chip, never breaks inside a word, however long the note beside it."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from portal.people.queries.persons import get_person
from portal.rewards.models import Redemption
from tests.factories.story import Story
from tests.journeys.conftest import Visitor

NOTE = "Please put our names on it, and a word on the migration we did together last spring. " * 5 + "x" * 200
# Each word of each chip, button and number in the table that stands on more than one line.
BROKEN = """() => {
  const broken = [];
  for (const part of document.querySelectorAll('main table :is(.badge, .btn, .points, th)')) {
    const walk = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      for (const word of node.data.matchAll(/\\S+/g)) {
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) broken.push(word[0]);
      }
    }
  }
  return broken;
}"""


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason="what a browser shows does not depend on the database engine; the journeys run on both")
@pytest.mark.parametrize("width", [1280, 390])
def test_a_long_note_wraps_and_breaks_no_button_chip_or_number(story: Story, database: Database, visit: Callable[..., Visitor], width: int) -> None:
    def prepare(session: Session) -> str:
        redemption = session.get(Redemption, story.redemption)
        redemption.wish = NOTE
        return get_person(session, redemption.person_id).email

    visitor = visit(viewport={"width": width, "height": 900}).sign_in(database.write(prepare))
    visitor.go("/rewards/mine")
    page = visitor.page
    assert NOTE.strip() in page.locator("main table").inner_text()
    assert page.locator("main table .btn").count() >= 1
    assert page.evaluate(BROKEN) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if width == 390:
        note, line = page.locator("main td p").first.bounding_box(), page.locator("main tr:has(p)").first.bounding_box()
        assert note["width"] > line["width"] - 50  # a card: what was said has the whole width
