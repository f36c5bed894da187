"""What members have begun and not sent, for reviewers who accept it as it is."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Answer, Submission
from portal.challenges.queries.own import verdicts_of
from portal.challenges.queries.stages import get_submission
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.web.paging import AnySelect, Page, page_by

# Written as text, as in the index: SQLite's planner uses a partial index only for the same words.
_BEGUN = (text("submission.state IN ('open', 'more_wanted')"), text("submission.dropped_at IS NULL"))
_ENTERED = select(Answer.id).where(Answer.submission_id == Submission.id).exists()


def list_begun(session: Session, actor: Actor, *, q: str = "", after: str | None = None) -> Page:
    """Return one page of what was begun or sent back for more and could be accepted early, what changed last first, without the actor's own.

    What was declined and is tried once more is not listed; it waits for its member to send it.

    Rows are ``id``, ``attempts``, ``state``, ``changed_at``, ``person_id``, ``person``, ``company``, ``title``, ``track``. Nothing of what was
    entered is among them: nobody reads that before it is sent or accepted. Refuses who may not decide on answers (``NotAllowed``).
    """
    return page_by(session, _statement(actor, q), [(Submission.changed_at, True), (Submission.id, True)], after=after)


def iter_begun(session: Session, actor: Actor, *, q: str = "") -> Iterator[Any]:
    """Yield the same for a file, all of it."""
    statement = _statement(actor, q).order_by(Submission.changed_at.desc(), Submission.id.desc())
    yield from session.execute(statement, execution_options={"yield_per": 2_000})


def _statement(actor: Actor, q: str) -> AnySelect:
    _require(actor)
    found: AnySelect = (
        select(
            Submission.id,
            Submission.attempts,
            Submission.state,
            Submission.changed_at,
            Person.id.label("person_id"),
            Person.name.label("person"),
            Company.name.label("company"),
            Challenge.title,
            Challenge.track,
        )
        .join(Person, Person.id == Submission.person_id)
        .outerjoin(Company, Company.id == Person.company_id)
        .join(Challenge, Challenge.id == Submission.challenge_id)
        .where(*_BEGUN, _ENTERED, Challenge.is_record_only.is_(False), Submission.person_id != (actor.id or 0))
    )
    for word in fold(q).split():
        pattern = like_pattern(word)
        found = found.where(Challenge.search_key.like(pattern, escape="\\") | Person.name_key.like(pattern, escape="\\"))
    return found


def begun_for(session: Session, actor: Actor, submission_id: int) -> tuple[Submission, Sequence[Verdict]]:
    """Return a submission and what was decided on it, newest first. Refuses who may not decide on answers, raises ``NotFound`` without one."""
    _require(actor)
    return get_submission(session, submission_id), verdicts_of(session, submission_id)


def _require(actor: Actor) -> None:
    if not actor.may_decide("attempt"):
        raise NotAllowed()
