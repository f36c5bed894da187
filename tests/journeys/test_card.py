"""A gift card from the vault: codes imported, redeemed, approved, and the code looked at once, after the password."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from tests.factories.people import PASSWORD, make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import make_draft
from tests.journeys.conftest import Visitor
from tests.support.site import Site

ADMIN, MEMBER = "ada@meridian.example", "amara@kestrel.example"


@pytest.fixture
def draft(database: Database) -> int:
    """An admin, a member with points, and a gift card that is not offered yet; returns its id."""

    def made(session: Session) -> int:
        make_admin(session, name="Ada Admin", email=ADMIN)
        give_points(session, make_person(session, name="Amara Okafor", email=MEMBER).id, 500)
        return make_draft(session, kind="gift_card", name="€25 gift card", price=200).id

    return database.write(made)


@pytest.mark.browser
def test_from_a_list_of_codes_to_the_one_look(site: Site, draft: int, visit: Callable[..., Visitor], tmp_path: Path) -> None:
    ada = visit().sign_in(ADMIN)
    ada.go(f"/admin/rewards/{draft}")
    ada.page.get_by_label("From the code vault").check()
    ada.page.get_by_label("Amount of the card").fill("25")
    ada.page.get_by_label("Currency").fill("USD")
    ada.page.get_by_role("button", name="Save the details").click()
    ada.page.get_by_role("link", name="Codes").click()
    listed = tmp_path / "cards.csv"
    listed.write_text("code,pin\nJOURNEY-CODE-1,4711\nJOURNEY-CODE-2,\n,12\n")
    ada.page.get_by_label("CSV file with codes").set_input_files(listed)
    ada.page.get_by_role("button", name="Look at the list").click()
    expect(ada.page.get_by_text("There is neither a code nor a link in it.")).to_be_visible()
    ada.page.get_by_role("button", name="Put 2 codes into the vault").click()
    expect(ada.page.get_by_text("2 codes are in the vault now.")).to_be_visible()
    ada.go(f"/admin/rewards/{draft}")
    ada.page.get_by_role("button", name="Publish").click()

    amara = visit(viewport={"width": 390, "height": 844}).sign_in(MEMBER)
    amara.go(f"/rewards/{draft}")
    amara.page.get_by_role("button", name="Redeem").click()
    expect(amara.page.get_by_text("We hold 200 points for it")).to_be_visible()

    ada.go("/admin/rewards/desk?tab=approve")
    ada.page.get_by_role("region", name="To approve").get_by_role("link", name="€25 gift card").click()
    ada.page.get_by_role("button", name="Approve").click()
    expect(ada.page.get_by_text("their code is ready for them")).to_be_visible()
    expect(ada.page.get_by_role("main")).not_to_contain_text("JOURNEY-CODE")

    amara.go("/rewards/mine")
    amara.page.get_by_role("link", name="Show my code").click()
    amara.page.get_by_label("Your password").fill("not this one at all")
    amara.page.get_by_role("button", name="Show my code").click()
    expect(amara.page.get_by_text("This is not your current password.")).to_be_visible()
    amara.problems.clear()  # A browser counts a refused form as an error.
    amara.page.get_by_label("Your password").fill(PASSWORD)
    amara.page.get_by_role("button", name="Show my code").click()
    expect(amara.page.get_by_text("JOURNEY-CODE-1", exact=True)).to_be_visible()
    expect(amara.page.get_by_text("4711", exact=True)).to_be_visible()
    amara.page.get_by_role("button", name="I have kept it").click()
    expect(amara.page.get_by_text("It is shown once.")).to_be_visible()
    expect(amara.page.get_by_role("main")).not_to_contain_text("JOURNEY-CODE")
    amara.page.get_by_role("button", name="I could not keep it").click()
    expect(amara.page.get_by_text("We have asked the people who run the programme.")).to_be_visible()

    ada.page.reload()
    expect(ada.page.get_by_text("They could not keep it")).to_be_visible()
    ada.page.get_by_text("Let them look again").click()
    ada.page.locator("#allow-reason").fill("The printer jammed.")
    ada.page.get_by_role("button", name="Let them look once more").click()
    expect(ada.page.get_by_text("They can look at their code once more")).to_be_visible()
    amara.page.reload()
    amara.page.get_by_role("link", name="Show my code").click()
    amara.page.get_by_label("Your password").fill(PASSWORD)
    amara.page.get_by_role("button", name="Show my code").click()
    expect(amara.page.get_by_text("JOURNEY-CODE-1", exact=True)).to_be_visible()
