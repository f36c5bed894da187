"""Challenges as things that have an audience."""

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from portal.audience.contract import Owned
from portal.challenges.models.offering import Challenge, ChallengeAudience
from portal.challenges.models.taking import Submission
from portal.challenges.rules.states import ChallengeState, SubmissionState
from portal.kernel.clock import start_of_day
from portal.kernel.db import programme_zone
from portal.kernel.text import N_


class ChallengeOwner:
    """A challenge is seen by its audience, and by who has it under way or waiting until that is over."""

    def find(self, session: Session, audience_id: int) -> Owned | None:
        """Return the challenge with this audience."""
        of_it = select(Challenge.id, Challenge.title, Challenge.state, Challenge.opens_on).join(
            ChallengeAudience, ChallengeAudience.challenge_id == Challenge.id
        )
        row = session.execute(of_it.where(ChallengeAudience.audience_id == audience_id)).first()
        if row is None:
            return None
        # What is paused still stands in the lists of whom it is meant for.
        is_live = row.state in (ChallengeState.LIVE, ChallengeState.PAUSED)
        opens_at = start_of_day(row.opens_on, programme_zone(session)) if row.opens_on else None
        return Owned(row.title, is_live, "challenges_admin.edit", "challenges_admin.index", N_("Challenges"), {"challenge_id": row.id}, opens_at)

    def under_way(self, audience_id: int) -> Select[int]:
        """Return who has a submission that is open, waits, or came back with a try left."""
        tries_left = or_(Challenge.max_attempts.is_(None), Submission.declines < Challenge.max_attempts)
        goes_on = or_(
            Submission.state.in_((SubmissionState.OPEN, SubmissionState.MORE_WANTED, SubmissionState.WAITING)),
            and_(Submission.state == SubmissionState.DECLINED, tries_left),
        )
        here = select(ChallengeAudience.challenge_id).where(ChallengeAudience.audience_id == audience_id)
        begun = select(Submission.person_id).join(Challenge, Challenge.id == Submission.challenge_id)
        return begun.where(Submission.challenge_id.in_(here), Submission.dropped_at.is_(None), goes_on).distinct()
