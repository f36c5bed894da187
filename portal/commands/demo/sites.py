"""Review sites in the demo: when somebody last looked at their rules, a challenge on one of them, and what was found at shared links."""

from datetime import datetime, timedelta

from sqlalchemy import select

from portal.challenges.actions.editing import create_challenge, publish_challenge
from portal.challenges.actions.links import ask_for_links, keep_found
from portal.challenges.actions.sites import check_site
from portal.challenges.actions.stages import add_stage
from portal.challenges.models.proof import LinkCheck
from portal.challenges.models.taking import Attempt
from portal.challenges.rules.links import LinkState, state_for
from portal.challenges.rules.offer import Offer
from portal.challenges.rules.states import AttemptState
from portal.commands.demo.cast import Cast
from portal.commands.demo.story import Story
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.tracks import Track

CHECKED = {"gartner": 41, "g2": 41, "capterra": 96, "google": 23, "trustpilot": 212}
OFFER = Offer(
    track=Track.ENDORSE,
    title="Review us on Gartner Peer Insights",
    summary="What works and what does not, for people who are choosing now.",
    text="Write what you would have wanted to read before you chose. The points are the same whatever you write and however you rate.",
    points=250,
    minutes=20,
    interests=("writing",),
)
ANSWERS = (200, 200, 404, 403)


class Sites:
    """Puts what admins did about review sites on the agenda, without leaving anything to chance."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast = story, cast

    def begin(self) -> None:
        """Let it happen; links are looked at last, when it is known what waits."""
        for key, days in CHECKED.items():
            self.story.plan(self.story.end - timedelta(days=days), self._check, key)
        self.story.plan(self.story.end - timedelta(days=12), self._publish)
        self.story.plan(self.story.end - timedelta(minutes=50), self._look)

    def _check(self, key: str, at: datetime) -> None:
        session, actor = self.story.session, self.story.acting(self.cast.reviewers[0])
        check_site(session, actor, key=key, today=local_date(at, programme_zone(session)), now=at)

    def _publish(self, at: datetime) -> None:
        session, actor = self.story.session, self.story.acting(self.cast.reviewers[1])
        made = create_challenge(session, actor, offer=OFFER, key="demo-review", now=at)
        options = {"site": "gartner", "url": "https://www.gartner.com/reviews/"}
        add_stage(session, actor, challenge_id=made.id, kind="review", title="Your review", options=options, now=at)
        publish_challenge(session, actor, challenge_id=made.id, now=at)

    def _look(self, at: datetime) -> None:
        """Keep what a look at the links of waiting answers would have found; the demo asks no page outside."""
        session = self.story.session
        for attempt in session.scalars(select(Attempt).where(Attempt.state == AttemptState.WAITING).order_by(Attempt.id)):
            ask_for_links(session, attempt.submission_id, attempt.answers, at, is_promised=False)
        for number, check in enumerate(session.scalars(select(LinkCheck).order_by(LinkCheck.id)).all()):
            status = ANSWERS[number % len(ANSWERS)]
            keep_found(session, check_id=check.id, asked=check.asked, state=LinkState(state_for(status)), status=status, now=at)
