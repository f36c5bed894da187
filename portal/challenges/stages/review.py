"""Write a review on a site of its own: what has to be disclosed is confirmed, and shown by the proof that the site allows."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.acts.rules import ActKind
from portal.challenges.rules.refusals import StepMissing
from portal.challenges.rules.sites import ANY_PROOF, PROOF_NAMES, Proof, disclosure_in
from portal.challenges.stages.contract import Control, Given, Keep, StageKind, Step, Value
from portal.challenges.stages.link import MAX_LENGTH, link_flaw, whole_link
from portal.kernel.errors import Refusal
from portal.kernel.text import N_

PROOFS = ((ANY_PROOF, N_("Whatever the site allows")), *((proof.value, PROOF_NAMES[proof]) for proof in Proof))
DISCLOSED, LINK, PICTURE, POSTED = "disclosed", "link", "picture", "posted"


class DisclosureNotConfirmed(Refusal):
    """The law and the site want it said."""

    message = N_("Please confirm the disclosure first.")
    field = DISCLOSED


class ReviewLinkInvalid(Refusal):
    """Not the address of a public page."""

    message = N_("This is not a complete web address. Copy it from the page of your review.")
    field = LINK


class ReviewElsewhere(Refusal):
    """The link leads to another site."""

    message = N_("Please share a link on %(host)s.")
    field = LINK


class ProofMissing(Refusal):
    """Either proof is enough; there is none."""

    message = N_("Please add the link to your review, or the screenshot.")
    field = LINK


class PictureMissing(Refusal):
    """The screenshot is the proof."""

    message = N_("Please add the screenshot.")
    field = PICTURE


class NotPosted(Refusal):
    """The box is empty."""

    message = N_("Please confirm that your review is posted.")
    field = POSTED


class OnlineReview(StageKind):
    """Done when the disclosure is confirmed and there is the proof that the site allows. What the reviewer wrote and how they rated is never asked.

    The site's profile is copied into ``options`` when the step is saved and published (``site_name``, ``site_version``,
    ``hosts``, ``allowed``, ``disclosures``, ``cap``), so that it freezes with the challenge's version.
    """

    key: ClassVar = "review"
    name: ClassVar = N_("Online review")
    icon: ClassVar = "star"
    hint: ClassVar = N_("G2, Gartner, Google and others, by the rules of each site.")
    counts_as: ClassVar = ActKind.REVIEW
    options: ClassVar[Mapping[str, Control]] = {
        "site": Control("choice", N_("Review site")),
        "url": Control("url", N_("Where they write it"), N_("The site’s page for a new review. May be empty."), max_length=MAX_LENGTH),
        "proof": Control("choice", N_("Proof"), choices=PROOFS, default=ANY_PROOF),
    }
    has_autosave: ClassVar = False
    asked_by: ClassVar = "challenges/stages/_review_asked.html"
    held_in: ClassVar = (("url",), ("picture",), ("is_posted",))
    shown_by: ClassVar = "challenges/stages/_review.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return the disclosure in the reader's language to confirm, and a field for each proof that is enough."""
        found: dict[str, Control] = {}
        language, text = disclosure_in(step.options.get("disclosures") or {}, step.language)
        if text:
            token = _token(step.options, language)
            found[DISCLOSED] = Control(
                "many", N_("What you disclose"), N_("Confirm it as it stands here; we keep what you confirmed."), ((token, text),)
            )
        proofs = _proofs(step)
        if Proof.LINK in proofs:
            found[LINK] = Control(
                "url", N_("Link to your review"), N_("We look whether the page is there, not at your rating."), max_length=MAX_LENGTH
            )
        if Proof.SCREENSHOT in proofs:
            help_text = N_("The page that thanks you for the review. Your rating need not be seen.")
            found[PICTURE] = Control("file", N_("Screenshot"), help_text, accept="image/*", purpose="image")
        if not found.keys() & {LINK, PICTURE}:
            found[POSTED] = Control("checkbox", N_("I have posted my review"))
        return found

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return what was confirmed and entered so far."""
        found: dict[str, Any] = {}
        confirmed = value.get("disclosure")
        if confirmed:
            found[DISCLOSED] = [_token({"site_version": confirmed.get("version")}, confirmed.get("language", ""))]
        if value.get("url"):
            found[LINK] = value["url"]
        if value.get("is_posted"):
            found[POSTED] = True
        return found

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return what was confirmed, with its text, language and version, and the proof; a new screenshot takes the former's place."""
        language, text = disclosure_in(step.options.get("disclosures") or {}, step.language)
        value: Value = {}
        if _token(step.options, language) in (given.get(DISCLOSED) or ()):
            value["disclosure"] = {"text": text, "language": language, "version": step.options.get("site_version")}
        if link := whole_link(given.get(LINK)):
            value["url"] = link
        if given.get(POSTED):
            value["is_posted"] = True
        received = given.get(PICTURE)
        if received is not None:
            stored = keep(received)
            value["picture"] = {"file_id": stored.id, "name": stored.filename, "size": stored.size, "is_image": stored.is_image}
        elif before.get("picture"):
            value["picture"] = before["picture"]
        return value

    def links(self, value: Value) -> tuple[str, ...]:
        """Return the link to the review."""
        return (value["url"],) if value.get("url") else ()

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse what is not disclosed, no proof, and a link that leads elsewhere."""
        confirmed = value.get("disclosure") or {}
        if not step.options.get("disclosures"):
            return StepMissing(step=step.title)
        if confirmed.get("version") != step.options.get("site_version") or not confirmed.get("text"):
            return DisclosureNotConfirmed()
        proofs, link = _proofs(step), value.get("url") or ""
        if link and Proof.LINK in proofs:
            flaw = link_flaw(link, step.options.get("hosts") or ())
            return ReviewElsewhere(host=", ".join(step.options["hosts"])) if flaw == "elsewhere" else ReviewLinkInvalid() if flaw else None
        if Proof.SCREENSHOT in proofs:
            has_picture = bool((value.get("picture") or {}).get("file_id"))
            return None if has_picture else ProofMissing() if Proof.LINK in proofs else PictureMissing()
        if Proof.LINK in proofs:
            return ReviewLinkInvalid()
        return None if value.get("is_posted") else NotPosted()


def _token(options: Mapping[str, Any], language: str) -> str:
    """Return what names a disclosure text in the form: another language or version than was shown is no valid choice."""
    return f"{language}:{options.get('site_version')}"


def _proofs(step: Step) -> tuple[str, ...]:
    """Return the proofs that are enough; a word alone only where nothing else is asked for."""
    allowed = tuple(step.options.get("allowed") or (Proof.NONE,))
    chosen = step.options.get("proof") or ""
    if chosen in allowed:
        return (chosen,)
    return tuple(proof for proof in allowed if proof != Proof.NONE) or (Proof.NONE,)
