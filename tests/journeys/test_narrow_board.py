"""The board on a phone: nothing is wider than the screen, and what says who somebody is is not cut."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from tests.factories.people import make_admin, make_company, make_person
from tests.factories.recognition import give_points
from tests.journeys.conftest import Visitor
from tests.journeys.test_every_page import SAME_ENGINE
from tests.support.site import Site

AMARA = "amara@kestrel.example"
CUT = "[...document.querySelectorAll('#results td p')].filter((p) => p.scrollWidth > p.clientWidth).map((p) => p.textContent)"


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
def test_the_board_is_whole_on_a_phone_with_long_names_and_many_points(site: Site, database: Database, visit: Callable[..., Visitor]) -> None:
    def earn(session: Session) -> None:
        make_admin(session)
        company_id = make_company(session, name="Marine Instruments and Hydrography Association").id
        for name, email, points in (
            ("Amara Okafor-Winterbottom", AMARA, 12_345),
            ("Maximiliane von Hohenstein-Rodriguez", "max@kestrel.example", 123_456),
        ):
            give_points(session, make_person(session, name=name, email=email, company_id=company_id).id, points)

    database.write(earn)
    amara = visit(viewport={"width": 320, "height": 640}).sign_in(AMARA)
    amara.go("/board")
    assert amara.page.get_by_role("heading", name="Around you").count() == 1
    assert amara.page.evaluate("document.documentElement.scrollWidth") <= 320
    amara.page.set_viewport_size({"width": 390, "height": 844})
    assert "(you)" in amara.page.locator("#results").inner_text()
    assert amara.page.evaluate(CUT) == []
