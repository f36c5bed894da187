"""Challenges that a member has done."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.audience.facts import Facts
from portal.audience.kinds.choosing import OneOf
from portal.audience.kinds.contract import Labels, Moment, Options, Phrase
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Submission
from portal.challenges.rules.states import ChallengeState, SubmissionState
from portal.kernel.text import N_
from portal.people.models import Person

_DONE = (Submission.state == SubmissionState.APPROVED.value, Submission.dropped_at.is_(None))


def load_done(session: Session, person_id: int) -> frozenset[str]:
    """Return the ids of the challenges a person has done, as options hold them."""
    mine = select(Submission.challenge_id).where(Submission.person_id == person_id, *_DONE).distinct()
    return frozenset(map(str, session.scalars(mine)))


class HasDone(OneOf):
    """The member has an approved answer to one of the challenges."""

    key = "challenge_done"
    name = N_("Challenge done")
    label = N_("Challenges")
    hint = N_("Members who have done a certain challenge; to leave them out, or as a condition.")
    icon = "badge-check"
    group = N_("What they did")
    message = N_("Has done %(values)s")

    def choices(self, session: Session) -> list[tuple[str, str]]:
        """Return all challenges that were ever published, and records."""
        rows = session.execute(select(Challenge.id, Challenge.title).where(Challenge.state != ChallengeState.DRAFT).order_by(Challenge.title))
        return [(str(row.id), row.title) for row in rows]

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Return the titles."""
        ids = {int(value) for options in every for value in options["values"]}
        return {str(row.id): f"“{row.title}”" for row in session.execute(select(Challenge.id, Challenge.title).where(Challenge.id.in_(ids)))}

    def among(self, values: Sequence[str], moment: Moment) -> ColumnElement[bool]:
        """Return the condition on approved submissions."""
        ids = [int(value) for value in values]
        return Person.id.in_(select(Submission.person_id).where(Submission.challenge_id.in_(ids), *_DONE))

    def own(self, facts: Facts) -> frozenset[str]:
        """Return what the member has done."""
        return facts.of(load_done)

    def own_phrase(self, values: Sequence[Any]) -> Phrase:
        """Name what they did."""
        return Phrase(N_("you have done %(values)s"), {"values": values})
