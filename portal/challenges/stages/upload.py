"""Upload a file: a picture, a video or a document, as proof for who decides, or for all members in the gallery."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.acts.rules import ActKind
from portal.challenges.rules.gallery import AGREEMENT, AGREEMENT_VERSION, GalleryNotAgreed, SeenBy
from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.contract import ANSWER, Control, Given, Keep, StageKind, Step, Value
from portal.files.receiving import Received
from portal.files.rules.kinds import PLAYED
from portal.kernel.errors import Refusal
from portal.kernel.text import N_

PURPOSES = (("image", N_("A picture")), ("video", N_("A video")), ("document", N_("A document")))
HELP = {
    "image": N_("PNG, JPEG, WebP or GIF. We keep a clean copy, without the place and camera stored in it."),
    "video": N_("MP4 or WebM. It plays in the page for those who look at your answer."),
    "document": N_("PDF, office document, text, video or picture."),
}
SEEN_BY = (
    (SeenBy.REVIEWERS.value, N_("Only who decides on the answer")),
    (SeenBy.GALLERY.value, N_("All members, in the gallery, once approved")),
)
AGREED = "agreed"
ACCEPTED = {"image": "image/*", "video": ",".join(sorted(PLAYED))}


def is_for_gallery(options: Mapping[str, Any]) -> bool:
    """Tell whether what a step asks to upload is shown to all members once it is approved."""
    return bool(options.get("seen_by") == SeenBy.GALLERY)


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
    counts_as: ClassVar = ActKind.UPLOAD
    options: ClassVar[Mapping[str, Control]] = {
        "purpose": Control("choice", N_("What they upload"), choices=PURPOSES, default="image"),
        "seen_by": Control(
            "choice",
            N_("Who sees it"),
            N_(
                "In the gallery all members see it with name and company. The step then asks for their agreement, and they can take it out again. "
                "Videos and documents keep what a phone or program wrote into them."
            ),
            choices=SEEN_BY,
            default=SeenBy.REVIEWERS.value,
        ),
    }
    has_autosave: ClassVar = False
    held_in: ClassVar = (("file_id",),)
    shown_by: ClassVar = "challenges/stages/_upload.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return a field for one file; where all members will see it, the box of the agreement too."""
        purpose = self._purpose(step)
        taken = "image" if purpose == "image" else "document"
        asked = {ANSWER: Control("file", N_("File"), HELP[purpose], accept=ACCEPTED.get(purpose, ""), purpose=taken)}
        if is_for_gallery(step.options):
            help_text = N_("It appears in the gallery once your answer is approved. You can take it out again whenever you like; your points stay.")
            token = _token(step.language, AGREEMENT_VERSION)
            asked[AGREED] = Control("many", N_("All members will see this"), help_text, ((token, AGREEMENT),))
        return asked

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return what was agreed to; a browser fills no file field."""
        agreed = value.get(AGREED)
        return {AGREED: [_token(agreed["language"], agreed["version"])]} if agreed else {}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return the stored file; without a new one the former stays. Refuses what is no video where one is asked for.

        With it, where all members will see it and the box is ticked, the agreement: its text in the portal's source, its version and the
        language it was read in. It counts from when the answer is sent.
        """
        received = given.get(ANSWER)
        value = {name: fact for name, fact in before.items() if name != AGREED} if received is None else self._stored(step, received, keep)
        if is_for_gallery(step.options) and _token(step.language, AGREEMENT_VERSION) in (given.get(AGREED) or ()):
            value[AGREED] = {"text": AGREEMENT, "language": step.language, "version": AGREEMENT_VERSION}
        return value

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse a step without a file, and one for the gallery without the agreement that is asked for now."""
        if not value.get("file_id"):
            return StepMissing(step=step.title)
        agreed = value.get(AGREED) or {}
        return GalleryNotAgreed() if is_for_gallery(step.options) and agreed.get("version") != AGREEMENT_VERSION else None

    def _stored(self, step: Step, received: Received, keep: Keep) -> Value:
        is_video = received.media_type in PLAYED
        if self._purpose(step) == "video" and not is_video:
            raise VideoExpected()
        stored = keep(received)
        told = {"file_id": stored.id, "name": stored.filename, "size": stored.size, "is_image": stored.is_image}
        return told | {"is_video": True} if is_video else told

    def _purpose(self, step: Step) -> str:
        wanted = step.options.get("purpose")
        return wanted if wanted in HELP else "image"


def _token(language: str, version: int) -> str:
    """Return what names the agreement in the form: a version or language that was not shown is no valid choice."""
    return f"{language}:{version}"
