"""Pages packed with gzip, where that tells nobody anything.

A page holds a secret (the token of its forms) beside text that its address can choose (a search). A
site that could make a browser ask for many such pages, and watch how long the packed answers are,
would learn the secret letter by letter (BREACH). So only what the portal's own pages or the reader
asked for is packed: browsers tell which that is, and a page of another site cannot make them lie.
Built files hold no secrets and are packed by the build; see ``assets``.
"""

import gzip

from flask import Flask, Response, request

LEAST, LEVEL = 1_000, 3
KINDS = {"text/html", "text/csv"}
OWN = {"same-origin", "none"}


def _is_worth_it(response: Response) -> bool:
    whole = not response.is_streamed and not response.direct_passthrough and "Content-Encoding" not in response.headers
    return whole and response.mimetype in KINDS and (response.content_length or 0) >= LEAST


def init(app: Flask) -> None:
    """Pack answers as the last thing that happens to them: call this before anything else that changes answers."""

    @app.after_request
    def pack(response: Response) -> Response:
        if not _is_worth_it(response):
            return response
        response.vary.update(("Accept-Encoding", "Sec-Fetch-Site"))
        if request.headers.get("Sec-Fetch-Site") in OWN and request.accept_encodings.quality("gzip") > 0:
            response.set_data(gzip.compress(response.get_data(), LEVEL, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
        return response
