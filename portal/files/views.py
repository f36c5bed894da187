"""The doors of stored files: always an attachment, except pictures that this portal wrote itself, and videos, which play in a page of ours."""

from flask import Blueprint, Response, current_app, request, send_file

from portal.files.queries import file_for, name_for
from portal.files.rules.kinds import SIZES, Purpose
from portal.files.uploads import storage
from portal.kernel.errors import NotFound
from portal.web.guards import current_actor, member
from portal.web.transaction import db

bp = Blueprint("files", __name__)
SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"


def _locked(response: Response) -> Response:
    """Let no browser run, frame or share what was uploaded, should it come to open it."""
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@bp.get("/files/<int:file_id>")
@member
def download(file_id: int) -> Response:
    """Send a file to save. Never shown in the page."""
    file = file_for(db(), current_actor(), file_id, current_app.extensions["file_access"])
    name = name_for(file, current_actor())
    response = send_file(storage().path(file.storage_name), file.media_type, as_attachment=True, download_name=name, etag=file.sha256)
    response.headers["Cache-Control"] = "private, no-cache"
    return _locked(response)


@bp.get("/files/<int:file_id>/picture")
@member
def picture(file_id: int) -> Response:
    """Show a picture in a page, in the ``size`` asked for (small, medium, large)."""
    file = file_for(db(), current_actor(), file_id, current_app.extensions["file_access"])
    size = request.args.get("size", "large")
    if not file.is_image or size not in SIZES:
        raise NotFound()
    path, media_type = storage().path(file.storage_name, size), "image/webp"
    if not path.exists():  # `flask pictures` makes it; until then the whole one is shown.
        path, media_type, size = storage().path(file.storage_name), file.media_type, "whole"
    response = send_file(path, media_type, etag=f"{file.sha256}-{size}", max_age=31_536_000)
    # Who may see a picture of a member can change with every click: a browser asks each time whether it still may.
    is_for_all = file.purpose == Purpose.PICTURE
    is_lasting = is_for_all and size != "whole"
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable" if is_lasting else "private, no-cache"
    return _locked(response)


@bp.get("/files/<int:file_id>/video")
@member
def video(file_id: int) -> Response:
    """Play a video in a page, in whichever parts (HTTP ranges) the browser asks for. Anything else is not found here."""
    file = file_for(db(), current_actor(), file_id, current_app.extensions["file_access"])
    if not file.is_video:
        raise NotFound()
    name = name_for(file, current_actor())
    response = send_file(storage().path(file.storage_name), file.media_type, download_name=name, etag=file.sha256, conditional=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return _locked(response)
