"""The built front end: names with a hash, looked up in Vite's manifest."""

import json
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request
from markupsafe import Markup

PACKED = {"br": ".br", "gzip": ".gz"}
DIRECTED = {"arrow-left", "arrow-right", "arrow-up-right", "chevron-left", "chevron-right", "log-out", "send", "undo-2"}


def init(app: Flask, dist: Path) -> None:
    """Offer ``asset(name)`` and ``icon(name, cls)`` to the templates; let browsers keep hashed files for ever.

    Icons that point along the line are marked, so that they point the other way from right to left.
    """
    path = dist / "manifest.json"
    if not path.exists():
        raise RuntimeError("The front end is not built. Run: make setup")
    manifest: dict[str, dict[str, str]] = json.loads(path.read_text())

    def asset(name: str) -> str:
        return f"{app.static_url_path}/{manifest[name]['file']}"

    @lru_cache(maxsize=512)
    def icon(name: str, cls: str = "size-5") -> Markup:
        address = f"{asset('static/src/icons.svg')}#{name}"
        turned = "icon-directed " if name in DIRECTED else ""
        return Markup('<svg class="icon {}{}" aria-hidden="true"><use href="{}"></use></svg>').format(turned, cls, address)

    app.jinja_env.globals.update(asset=asset, icon=icon, _icon=icon)  # under a second name where a macro has an argument ``icon``

    built = {path.relative_to(dist).as_posix() for path in dist.rglob("*")}

    def static(filename: str) -> Response:
        """Send a built file as the build packed it, in the best way that the reader takes: it holds no secret, so anybody may have it so."""
        twins = {coding: f"{filename}{ending}" for coding, ending in PACKED.items() if f"{filename}{ending}" in built}
        taken = next((twin for coding, twin in twins.items() if request.accept_encodings.quality(coding) > 0), filename)
        response = app.send_static_file(taken)
        if twins:
            response.vary.add("Accept-Encoding")
        return response

    app.view_functions["static"] = static

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
