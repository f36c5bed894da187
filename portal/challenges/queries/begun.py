"""What members have begun and not sent, for reviewers who accept it as it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.models.taking import Answer, Submission
from portal.challenges.queries.own import attempts_of, verdicts_of
from portal.challenges.queries.page import StepView, steps_of
from portal.challenges.queries.saying import answers_step
from portal.challenges.queries.stages import get_submission
from portal.challenges.queries.versions import version_of, why_not_enter
from portal.challenges.rules.early import sent_numbers
from portal.challenges.rules.refusals import NothingEntered
from portal.challenges.rules.saying import is_empty
from portal.challenges.stages.contract import Step
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed, Refusal
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.people.queries.persons import get_person
from portal.people.rules.person import PersonDeactivated, PersonState
from portal.web.paging import AnySelect, Page, page_by

# Written as text, as in the index: SQLite's planner uses a partial index only for the same words.
_UNDER_WAY = (text("(submission.state IN ('open', 'more_wanted') OR submission.again_at IS NOT NULL)"), text("submission.dropped_at IS NULL"))
_ENTERED = select(Answer.id).join(Stage, Stage.id == Answer.stage_id).where(Answer.submission_id == Submission.id, answers_step()).exists()
_KEYS = [(Submission.changed_at, True), (Submission.id, True)]


@dataclass(frozen=True)
class BegunPage:
    """One submission as reviewers see it before it is sent; ``verdicts`` newest first, ``was_sent`` by the member, ``objection`` to accepting it."""

    submission: Submission
    verdicts: list[Verdict]
    steps: list[StepView]
    was_sent: bool
    objection: Refusal | None

    def is_empty(self, step: StepView) -> bool:
        """Tell whether nothing was entered into a step."""
        return step.answer is None or is_empty(step.answer.value, step.kind.held_in)


def list_begun(session: Session, actor: Actor, *, q: str = "", after: str | None = None) -> Page:
    """Return one page of what was begun, sent back for more, or declined and is tried again, what changed last first, without the actor's own.

    All of it could be accepted early: something was entered, and its member is there. What was declined and is not touched since waits for
    its member; it has a page all the same.

    Rows are ``id``, ``state``, ``changed_at``, ``person_id``, ``person``, ``company``, ``title``. Nothing of what was
    entered is among them: nobody reads that before it is sent or accepted. Refuses who may not decide on answers (``NotAllowed``).
    """
    return page_by(session, _statement(actor, q), _KEYS, after=after)


def iter_begun(session: Session, actor: Actor, *, q: str = "") -> Iterator[Any]:
    """Yield the same for a file, all of it."""
    statement = _statement(actor, q).order_by(Submission.changed_at.desc(), Submission.id.desc())
    yield from session.execute(statement, execution_options={"yield_per": 2_000})


def _statement(actor: Actor, q: str) -> AnySelect:
    _require(actor)
    found: AnySelect = (
        select(
            Submission.id,
            Submission.state,
            Submission.changed_at,
            Person.id.label("person_id"),
            Person.name.label("person"),
            Company.name.label("company"),
            Challenge.title,
        )
        .join(Person, Person.id == Submission.person_id)
        .outerjoin(Company, Company.id == Person.company_id)
        .join(Challenge, Challenge.id == Submission.challenge_id)
        .where(*_UNDER_WAY, _ENTERED, Challenge.is_record_only.is_(False), Submission.person_id != (actor.id or 0))
        .where(Person.state != PersonState.DEACTIVATED)
    )
    for word in fold(q).split():
        pattern = like_pattern(word)
        found = found.where(Challenge.search_key.like(pattern, escape="\\") | Person.name_key.like(pattern, escape="\\"))
    return found


def begun_for(session: Session, actor: Actor, submission_id: int) -> BegunPage:
    """Return a submission with what was decided on it. Refuses who may not decide on answers, raises ``NotFound`` without one."""
    _require(actor)
    submission = get_submission(session, submission_id)
    steps = steps_of(session, version_of(session, submission), submission)
    was_sent = bool(sent_numbers(attempts_of(session, submission_id)))
    return BegunPage(submission, verdicts_of(session, submission_id), steps, was_sent, why_not_early(session, submission, steps))


def why_not_early(session: Session, submission: Submission, steps: list[StepView] | None = None) -> Refusal | None:
    """Return why nobody can accept a submission as it is, or None: what ``accept_early`` refuses whoever asks. ``steps`` if they are known."""
    if refusal := why_not_enter(submission, version_of(session, submission)):
        return refusal
    person = get_person(session, submission.person_id)
    if person.state == PersonState.DEACTIVATED:
        return PersonDeactivated(name=person.name)
    steps = steps_of(session, version_of(session, submission), submission) if steps is None else steps
    return None if any(map(_goes, steps)) else NothingEntered()


def _goes(step: StepView) -> bool:
    """Tell whether something of a step would go with an early acceptance."""
    value = step.kind.unfinished(Step.of(step.stage), step.answer.value) if step.answer else {}
    return not is_empty(value, step.kind.held_in)


def _require(actor: Actor) -> None:
    if not actor.may_decide("attempt"):
        raise NotAllowed()
