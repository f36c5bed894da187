"""Upload a file as proof: a picture, a video or a document."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.contract import ANSWER, Control, Given, Keep, StageKind, Step, Value
from portal.files.rules.kinds import PLAYED
from portal.kernel.errors import Refusal
from portal.kernel.text import N_

PURPOSES = (("image", N_("A picture")), ("video", N_("A video")), ("document", N_("A document")))
HELP = {
    "image": N_("PNG, JPEG, WebP or GIF. We keep a clean copy, without the place and camera stored in it."),
    "video": N_("MP4 or WebM. It plays in the page for those who look at your answer."),
    "document": N_("PDF, office document, text, video or picture."),
}


ACCEPTED = {"image": "image/*", "video": ",".join(sorted(PLAYED))}


class VideoExpected(Refusal):
    """Something else where a video is asked for."""

    message = N_("Please choose a video: MP4 or WebM.")
    field = "file"


class UploadedFile(StageKind):
    """Done when a file was accepted. It is stored when the step is saved; a new one takes its place."""

    key: ClassVar = "upload"
    name: ClassVar = N_("Upload a file")
    icon: ClassVar = "upload"
    hint: ClassVar = N_("A picture, a video or a document as proof.")
    options: ClassVar[Mapping[str, Control]] = {"purpose": Control("choice", N_("What they upload"), choices=PURPOSES, default="image")}
    has_autosave: ClassVar = False
    shown_by: ClassVar = "challenges/stages/_upload.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return a field for one file."""
        purpose = self._purpose(step)
        taken = "image" if purpose == "image" else "document"
        return {ANSWER: Control("file", N_("File"), HELP[purpose], accept=ACCEPTED.get(purpose, ""), purpose=taken)}

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return nothing: a browser fills no file field."""
        return {}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return the stored file; without a new one the former stays. Refuses what is no video where one is asked for."""
        received = given.get(ANSWER)
        if received is None:
            return before
        is_video = received.media_type in PLAYED
        if self._purpose(step) == "video" and not is_video:
            raise VideoExpected()
        stored = keep(received)
        told = {"file_id": stored.id, "name": stored.filename, "size": stored.size, "is_image": stored.is_image}
        return told | {"is_video": True} if is_video else told

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse a step without a file."""
        return None if value.get("file_id") else StepMissing(step=step.title)

    def _purpose(self, step: Step) -> str:
        wanted = step.options.get("purpose")
        return wanted if wanted in HELP else "image"
