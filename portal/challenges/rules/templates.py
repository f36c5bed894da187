"""Templates: what a new challenge begins with. A template is a document; here is its shape, and what is refused about it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from portal.challenges.rules.offer import TEXT_LENGTH, TITLE_LENGTH, Offer, require_offer
from portal.challenges.rules.refusals import NoStages, PointsOutOfRange, StagePointsTooMany, TitleMissing, TooManyStages
from portal.challenges.rules.states import MAX_POINTS, MAX_STAGES, Period
from portal.challenges.rules.wording import require_fair, words_in
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.seen import ChangedMeanwhile
from portal.kernel.text import N_, clean, clean_line, fold
from portal.kernel.tracks import Track

KEY_LENGTH = 64
OWN = "own-"
MOST_OWN = 200
# What a template says of a challenge: all but its days and places, which belong to one occasion.
FIELDS = ("track", "title", "summary", "text", "points", "minutes", "period", "per_period", "max_attempts", "interests")


class TemplateGone(NotFound):
    """Another admin removed it, or there never was one."""

    message = N_("There is no such template any more.")


class StepGone(NotFound):
    """Another admin removed it from the template."""

    message = N_("This step is not in the template any more.")


class TooManyTemplates(Refusal):
    """More of their own than anybody would look through."""

    message = N_("There can be %(most)s templates of your own. Remove one first.")
    status = 409


class TemplateChanged(ChangedMeanwhile):
    """Somebody else edited it."""


class KindUnknown(Refusal):
    """A template asks for a kind of step that this portal does not have."""

    message = N_("This template has a step of a kind that does not exist here. Remove the step “%(step)s” first.")
    status = 409


@dataclass(frozen=True)
class TemplateStep:
    """One step of a template. ``id`` is a number within the template that stays, whatever is moved."""

    id: int
    kind: str
    title: str
    text: str = ""
    points: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Template:
    """What a challenge made from it begins with. The offer has no days and no places."""

    offer: Offer
    steps: tuple[TemplateStep, ...] = ()

    @property
    def search_key(self) -> str:
        return fold(f"{self.offer.title} {self.offer.summary} {self.offer.text}")

    def step(self, step_id: int) -> TemplateStep:
        """Return one step; refuses with ``StepGone``."""
        found = next((step for step in self.steps if step.id == step_id), None)
        if found is None:
            raise StepGone()
        return found


def template_of(document: Mapping[str, Any]) -> Template:
    """Return the template that a document holds: one of ours, or what ``document_of`` once wrote."""
    given = {name: document[name] for name in FIELDS if document.get(name) is not None}
    given |= {
        "track": Track(document["track"]),
        "period": Period(document.get("period", Period.ONCE)),
        "interests": tuple(document.get("interests", ())),
    }
    steps = [
        TemplateStep(
            id=step.get("id", number),
            kind=step["kind"],
            title=clean_line(step["title"]),
            text=clean(step.get("text", "")),
            points=step.get("points", 0),
            options=step.get("options", {}),
        )
        for number, step in enumerate(document.get("steps", []), start=1)
    ]
    offer = Offer(**given)
    return Template(replace(offer, text=clean(offer.text), title=clean_line(offer.title), summary=clean_line(offer.summary)), tuple(steps))


def document_of(template: Template) -> dict[str, Any]:
    """Return a template as it is kept, in what JSON can hold."""
    fields: dict[str, Any] = {name: getattr(template.offer, name) for name in FIELDS}
    fields |= {"track": str(template.offer.track), "period": str(template.offer.period), "interests": list(template.offer.interests)}
    steps = [
        {"id": step.id, "kind": step.kind, "title": step.title, "text": step.text, "points": step.points, "options": dict(step.options)}
        for step in template.steps
    ]
    return fields | {"steps": steps}


def require_template(template: Template) -> Template:
    """Return the template cleaned.

    Refuses as ``require_offer``, words that ask for praise, and steps that are too many, have no title, or carry more than the whole.
    """
    offer = require_offer(replace(template.offer, opens_on=None, closes_on=None, total_limit=None))
    require_fair({"title": offer.title, "summary": offer.summary, "text": offer.text})
    if len(template.steps) > MAX_STAGES:
        raise TooManyStages(limit=MAX_STAGES)
    steps = tuple(replace(step, title=clean_line(step.title)[:TITLE_LENGTH], text=clean(step.text)[:TEXT_LENGTH]) for step in template.steps)
    for step in steps:
        if not step.title:
            raise TitleMissing()
        for words in (step.title, step.text, *words_in(step.options)):
            require_fair({"": words})
        if not 0 <= step.points <= MAX_POINTS:
            raise PointsOutOfRange(least=0, most=MAX_POINTS)
    parts = sum(step.points for step in steps)
    if parts > offer.points:
        raise StagePointsTooMany(parts=parts, whole=offer.points)
    return Template(offer, steps)


def require_usable(template: Template, known: Collection[str]) -> None:
    """Refuse a template without steps, and one with a step of a kind that is not ``known``."""
    if not template.steps:
        raise NoStages()
    for step in template.steps:
        if step.kind not in known:
            raise KindUnknown(step=step.title)


def next_id(template: Template) -> int:
    """Return a number that no step of the template has."""
    return max((step.id for step in template.steps), default=0) + 1


def moved(template: Template, step_id: int, by: int) -> Template:
    """Return the template with a step one place up (``by=-1``) or down (``by=1``); at the end it stays where it is."""
    steps = list(template.steps)
    here = steps.index(template.step(step_id))
    there = here + (1 if by > 0 else -1)
    if 0 <= there < len(steps):
        steps[here], steps[there] = steps[there], steps[here]
    return replace(template, steps=tuple(steps))
