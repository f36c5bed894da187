"""All that one person did, was told, was paid, redeemed and confirmed, section by section, each paged by key."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Text, cast, or_, select
from sqlalchemy.orm import Session

from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.shown import SHOWN
from portal.challenges.rules.early import EARLY
from portal.challenges.rules.states import OUTCOME_NAMES, SHOWN_STATE_NAMES
from portal.challenges.stages.confirm import Confirm
from portal.challenges.stages.review import OnlineReview
from portal.challenges.stages.upload import AGREED, UploadedFile
from portal.consents.queries import consents_of
from portal.consents.rules import ITEM_NAMES, Item, state_of
from portal.consents.rules import STATE_NAMES as CONSENT_STATES
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.text import N_
from portal.references.models.nominating import Nomination
from portal.references.rules.states import STANDING_NAMES, Standing, State
from portal.rewards.kinds.registry import kind_of
from portal.rewards.queries.redemptions import own_redemptions
from portal.web.paging import AnySelect, Page, page_by


@dataclass(frozen=True)
class Entry:
    """One line of a section. ``state`` is marked for translation; ``link`` leads an admin to the thing."""

    at: datetime
    title: str
    state: str
    link: str
    note: str = ""
    points: int | None = None


_NOMINATION: dict[str, str] = {
    State.SUBMITTED: STANDING_NAMES[Standing.WAITING],
    State.DUPLICATE: N_("Duplicate"),
    **{state: STANDING_NAMES[Standing(state.value)] for state in State if state.value in set(Standing)},
}
_CONFIRMED: dict[tuple[str, str], str] = {
    (Confirm.key, "is_confirmed"): N_("Confirmed"),
    (OnlineReview.key, "disclosure"): N_("Disclosed"),
    (UploadedFile.key, AGREED): N_("Agreed to the gallery"),
}
"""By kind of step and what its answer holds: what is said of it."""
Section = Callable[[Session, int, str | None, datetime], Page]


def did(session: Session, person_id: int, after: str | None, _now: datetime) -> Page:
    """Return what the person took part in, what changed last first; withdrawn ones too."""
    found: AnySelect = select(Submission, Challenge.title, SHOWN.label("shown")).join(Challenge, Challenge.id == Submission.challenge_id)
    keys = [(Submission.changed_at, True), (Submission.id, True)]
    return _entries(page_by(session, found.where(Submission.person_id == person_id), keys, after=after), _did)


def told(session: Session, person_id: int, after: str | None, _now: datetime) -> Page:
    """Return every verdict on the person's answers: what was asked of them, and why."""
    found: AnySelect = (
        select(Verdict, Challenge.title)
        .join(Submission, Submission.id == Verdict.submission_id)
        .join(Challenge, Challenge.id == Submission.challenge_id)
        .where(Submission.person_id == person_id)
    )
    return _entries(page_by(session, found, [(Verdict.id, True)], after=after), _told)


def redeemed(session: Session, person_id: int, after: str | None, _now: datetime) -> Page:
    """Return what the person redeemed."""
    return _entries(own_redemptions(session, person_id, {}, after=after), _redeemed)


def confirmed(session: Session, person_id: int, after: str | None, _now: datetime) -> Page:
    """Return what the person confirmed, disclosed and agreed to in answers they sent. What was ticked and never sent is read by nobody."""
    kept = cast(Attempt.answers, Text)
    found: AnySelect = (
        select(Attempt, Challenge.title)
        .join(Submission, Submission.id == Attempt.submission_id)
        .join(Challenge, Challenge.id == Submission.challenge_id)
        .where(Submission.person_id == person_id, ~Attempt.key.startswith(EARLY), or_(*(kept.like(f'%"{fact}"%') for _kind, fact in _CONFIRMED)))
    )
    page = page_by(session, found, [(Attempt.submitted_at, True), (Attempt.id, True)], after=after)
    return replace(page, rows=[entry for row in page.rows for entry in _confirmed(row)])


def consented(session: Session, person_id: int, after: str | None, now: datetime) -> Page:
    """Return what the person consented to, ended consents too."""
    today = local_date(now, programme_zone(session))
    return _entries(consents_of(session, person_id, after=after), lambda consent: _consented(consent, today))


def nominated(session: Session, person_id: int, after: str | None, _now: datetime) -> Page:
    """Return whom the person nominated."""
    found = select(Nomination).where(Nomination.nominator_id == person_id)
    return _entries(page_by(session, found, [(Nomination.created_at, True), (Nomination.id, True)], after=after), _nominated)


SECTIONS: dict[str, tuple[str, Section]] = {
    "did": (N_("Took part in"), did),
    "told": (N_("Was told and asked"), told),
    "redeemed": (N_("Redeemed"), redeemed),
    "confirmed": (N_("Confirmed"), confirmed),
    "consented": (N_("Consented to"), consented),
    "nominated": (N_("Nominated"), nominated),
}


def _entries(page: Page, entry: Callable[[Any], Entry]) -> Page:
    return replace(page, rows=[entry(row) for row in page.rows])


def _did(row: Any) -> Entry:
    submission = row.Submission
    state = N_("Withdrawn") if submission.dropped_at else SHOWN_STATE_NAMES[row.shown]
    return Entry(submission.changed_at, row.title, state, f"/admin/challenges/submissions/{submission.id}", points=submission.paid)


def _told(row: Any) -> Entry:
    verdict = row.Verdict
    link = f"/admin/challenges/submissions/{verdict.submission_id}"
    return Entry(verdict.decided_at, row.title, OUTCOME_NAMES[verdict.outcome], link, verdict.reason, verdict.points or None)


def _redeemed(row: Any) -> Entry:
    redemption, reward = row[0], row[1]
    return Entry(
        redemption.requested_at,
        reward.name,
        kind_of(reward.kind).state_name(redemption.state),
        f"/admin/rewards/redemptions/{redemption.id}",
        points=-redemption.price,
    )


def _confirmed(row: Any) -> Iterator[Entry]:
    attempt = row.Attempt
    for step in attempt.answers:
        for (kind, fact), state in _CONFIRMED.items():
            given = step["value"].get(fact) if step["kind"] == kind else None
            if given:
                note = f"{row.title}: {given['text']}" if isinstance(given, dict) else row.title
                yield Entry(attempt.submitted_at, step["title"], state, f"/admin/challenges/submissions/{attempt.submission_id}", note)


def _consented(consent: Any, today: date) -> Entry:
    state = CONSENT_STATES[state_of(consent.ended_as, consent.expires_on, today)]
    return Entry(consent.given_at, ITEM_NAMES[Item(consent.item)], state, f"/admin/consents/{consent.id}", consent.quote or consent.words)


def _nominated(nomination: Any) -> Entry:
    state = _NOMINATION[nomination.state]
    return Entry(nomination.created_at, f"{nomination.name}, {nomination.company_name}", state, f"/admin/approvals?item=nomination-{nomination.id}")
