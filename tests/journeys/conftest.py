"""What journeys share: a site with a story in it, people who sign in, a page that reports what goes wrong in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.factories.people import PASSWORD
from tests.support.site import Site

# What a page shows is waited for as long as what is pressed on it: a machine that runs other tests beside answers late, not wrongly.
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)


class Visitor:
    """One browser window of one person, with everything that went wrong in it."""

    def __init__(self, site: Site, context: BrowserContext) -> None:
        self.site, self.context = site, context
        self.page: Page = context.new_page()
        self.problems: list[str] = []
        self.page.on(
            "console", lambda message: self.problems.append(f"{message.text} {message.location['url']}") if message.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def go(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else self.site.url + path)

    def sign_in(self, email: str, password: str = PASSWORD) -> "Visitor":
        self.go("/sign-in")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda address: "/sign-in" not in address)
        return self


@pytest.fixture
def visit(request: pytest.FixtureRequest, tmp_path: Path, site: Site, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Return a function that opens a window of its own for a person; every window must end without an error in its console."""
    opened: list[Visitor] = []

    def window(**options: object) -> Visitor:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", **options})
        context.set_default_timeout(PATIENCE_MS)
        opened.append(Visitor(site, context))
        return opened[-1]

    yield window
    if request.node.rep_call.failed:  # What the people saw when it went wrong.
        for number, visitor in enumerate(opened):
            visitor.page.screenshot(path=str(tmp_path / f"window-{number}.png"), full_page=True)
            print(f"window {number}: {visitor.page.url}, {tmp_path}/window-{number}.png")
    problems = [problem for visitor in opened for problem in visitor.problems]
    for visitor in opened:
        visitor.context.close()
    assert problems == []
