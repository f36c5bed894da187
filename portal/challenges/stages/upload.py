"""Upload a file as proof: a picture or a document."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.contract import ANSWER, Control, Given, Keep, StageKind, Step, Value
from portal.kernel.errors import Refusal
from portal.kernel.text import N_

PURPOSES = (("image", N_("A picture")), ("document", N_("A document")))
HELP = {
    "image": N_("PNG, JPEG, WebP or GIF. We keep a clean copy, without the place and camera stored in it."),
    "document": N_("PDF, office document, text, video or picture."),
}


class UploadedFile(StageKind):
    """Done when a file was accepted. It is stored when the step is saved; a new one takes its place."""

    key: ClassVar = "upload"
    name: ClassVar = N_("Upload a file")
    icon: ClassVar = "upload"
    hint: ClassVar = N_("A picture or a document as proof.")
    options: ClassVar[Mapping[str, Control]] = {"purpose": Control("choice", N_("What they upload"), choices=PURPOSES, default="image")}
    has_autosave: ClassVar = False
    shown_by: ClassVar = "challenges/stages/_upload.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return a field for one file."""
        purpose = self._purpose(step)
        accept = "image/*" if purpose == "image" else ""
        return {ANSWER: Control("file", N_("File"), HELP[purpose], accept=accept, purpose=purpose)}

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return nothing: a browser fills no file field."""
        return {}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return the stored file; without a new one the former stays."""
        received = given.get(ANSWER)
        if received is None:
            return before
        stored = keep(received)
        return {"file_id": stored.id, "name": stored.filename, "size": stored.size, "is_image": stored.is_image}

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse a step without a file."""
        return None if value.get("file_id") else StepMissing(step=step.title)

    def _purpose(self, step: Step) -> str:
        wanted = step.options.get("purpose")
        return wanted if wanted in HELP else "image"
