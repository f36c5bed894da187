"""Take the pictures of the documents from a running demo: ``python scripts/screenshots.py http://127.0.0.1:8000``.

The browser is the one that ``scripts/browser.py`` finds, or PORTAL_CHROMIUM.
"""

import io
import os
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
# Published: demo people are refused in production.
PASSWORD = "a quiet walk by the river"
# Picture, who takes it, page, and what is clicked before.
PICTURES = [
    ("home.png", "anjali.menon@varkala-ferries.example", "/", None),
    ("approvals.png", "imani.wanjiru@brindlewick.example", "/admin/approvals?kind=attempt", "[data-row] a"),
]
SIZE = {"width": 1280, "height": 800}
HEAVIEST = 250_000


def take(browser: Browser, url: str, email: str, path: str, click: str | None) -> bytes:
    """Return the picture of a page as a signed-in person sees it, on a light screen of 1280 by 800."""
    context = browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce", locale="en-GB", timezone_id="Europe/Berlin")
    page = context.new_page()
    page.goto(f"{url}/sign-in")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{url}/")
    page.goto(url + path, wait_until="networkidle")
    if click:
        page.locator(click).first.click()
        page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    page.evaluate("document.activeElement.blur()")
    shot = page.screenshot(clip={"x": 0, "y": 0, **SIZE})
    context.close()
    return shot


def keep(shot: bytes, target: Path) -> None:
    """Write a picture in as many colours as fit into the size that a document may carry."""
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    for colors in (256, 128, 64):
        out = io.BytesIO()
        picture.quantize(colors, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() < HEAVIEST:
            break
    target.write_bytes(out.getvalue())
    print(f"{target.relative_to(ROOT)}: {len(out.getvalue()) // 1000} kB, {colors} colours")


def main(url: str) -> None:
    """Take every picture."""
    found = os.environ.get("PORTAL_CHROMIUM") or subprocess.check_output([sys.executable, str(ROOT / "scripts" / "browser.py")], text=True).strip()
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found or None, args=["--no-sandbox", "--disable-gpu"])
        for name, email, path, click in PICTURES:
            keep(take(browser, url, email, path, click), IMAGES / name)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000")
