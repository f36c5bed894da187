"""The activity importer: what members did elsewhere, attempt by attempt, with its verdict, points and day.

Everything happens through the same actions as a click, in order of time; past dates are the
importer's privilege. A verdict that was given here is never changed by a file.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import submit_attempt
from portal.challenges.actions.recording import add_record_challenge, undo_attempt
from portal.challenges.actions.review import approve_attempt, decline_attempt, reverse_approval
from portal.challenges.actions.starting import start_submission
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt
from portal.challenges.rules.offer import TITLE_LENGTH
from portal.challenges.rules.privilege import IMPORTED
from portal.challenges.rules.states import MAX_POINTS, AttemptState, ChallengeState
from portal.imports.contract import DoneRow
from portal.imports.rules import cells
from portal.imports.rules.records import Applied, Context, Fault, Field, Outcome, Record, Step
from portal.kernel.actor import Actor
from portal.kernel.clock import CLOCK_DRIFT
from portal.kernel.text import N_, normal_email
from portal.kernel.tracks import Track
from portal.people.actions.companies import company_named
from portal.people.actions.persons import add_person, identify_person
from portal.people.models import Person
from portal.people.queries.persons import find_person_by_email, find_person_by_identity, people_by_email, people_by_identity
from portal.people.rules import company as company_rules
from portal.people.rules import person as person_rules

ACCEPTED, REFUSED = "accepted", "refused"
SUBMIT, DECIDE = "submit", "decide"
TRACKS = tuple(track.value for track in Track)
REASON = "imported"
REASON_UNDONE = "import undone"


class ActivityImporter:
    """Makes attempts, and on the way the members, companies and record-only challenges they speak of, which undo keeps."""

    name = "activity"
    title = N_("Activity")
    subject_type = "attempt"
    fields = (
        Field(
            "external_id", N_("What the other system calls this one act; unique per source"), cells.text(200), True, aliases=("id", "submission id")
        ),
        Field("member_id", N_("What the other system calls the member; or give an e-mail address"), cells.text(200), aliases=("user id", "team id")),
        Field("member_email", N_("E-mail address of the member"), cells.email, aliases=("email", "mail", "user email")),
        Field(
            "member_name",
            N_("Name of the member, for one who is new"),
            cells.text(person_rules.NAME_LENGTH),
            aliases=("user", "full name", "team name"),
        ),
        Field("company", N_("Company of a member who is new"), cells.text(company_rules.NAME_LENGTH), aliases=("organization", "account")),
        Field("track", N_("Track of the challenge"), cells.choice(*TRACKS), True, choices=TRACKS),
        Field("challenge", N_("Title of the challenge"), cells.text(TITLE_LENGTH), True, aliases=("activity", "title", "problem name")),
        Field("points", N_("Points it is worth"), cells.whole(0, MAX_POINTS), True, aliases=("score",)),
        Field("submitted_at", N_("When it was sent"), cells.moment, True, aliases=("date", "created at", "time")),
        Field(
            "verdict",
            N_("How it was decided; empty waits"),
            cells.choice(ACCEPTED, REFUSED),
            choices=(ACCEPTED, REFUSED),
            aliases=("status", "result"),
        ),
        Field("decided_at", N_("When it was decided; when it was sent if empty"), cells.moment, aliases=("approved at", "reviewed at")),
    )

    def check(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, Sequence[Fault]]:
        """Find rows without a member, with one member who is two people here, a verdict on one's own, and moments out of order or in the future."""
        by_id = people_by_identity(session, context.source, {r["member_id"] for r in records if r["member_id"]})
        by_email = people_by_email(session, {r["member_email"] for r in records if r["member_email"]})
        found = {record.line: list(_faults(record, by_id, by_email, context)) for record in records}
        return {line: faults for line, faults in found.items() if faults}

    def match(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, int]:
        """Only the external id tells one act from another."""
        return {}

    def steps(self, record: Record) -> Sequence[Step]:
        """Sent, then decided."""
        sent = Step(SUBMIT, record["submitted_at"])
        return (sent, Step(DECIDE, record["decided_at"] or record["submitted_at"])) if record["verdict"] else (sent,)

    def remarks(self, session: Session, records: Sequence[Record], context: Context) -> Sequence[Fault]:
        """Nothing besides the rows themselves."""
        return ()

    def apply(self, session: Session, actor: Actor, record: Record, step: Step, subject_id: int | None, context: Context, now: datetime) -> Applied:
        """Send the attempt, or decide it."""
        if subject_id is None:
            return Applied(Outcome.CREATED, _submit(session, actor, record, context, now))
        if step.name == SUBMIT or not _is_open(session, record, subject_id):
            return Applied(Outcome.UNCHANGED, subject_id)
        if record["verdict"] == ACCEPTED:
            approve_attempt(session, actor, attempt_id=subject_id, now=now, decided_at=step.at, tell=context.is_notifying)
        else:
            decline_attempt(session, actor, attempt_id=subject_id, reason=REASON, now=now, decided_at=step.at, tell=context.is_notifying)
        return Applied(Outcome.CHANGED, subject_id)

    def would_change(self, session: Session, record: Record, subject_id: int, context: Context) -> bool:
        """Tell whether the record brings a verdict that is still missing here."""
        return record["verdict"] is not None and _is_open(session, record, subject_id)

    def undo(self, session: Session, actor: Actor, row: DoneRow, now: datetime) -> bool:
        """Take an attempt back with what it paid. Of one that an earlier import had sent only the approval; its refusal stays."""
        if row.outcome is not Outcome.CHANGED:
            undo_attempt(session, actor, attempt_id=row.subject_id, reason=REASON_UNDONE, now=now)
            return True
        attempt = session.get_one(Attempt, row.subject_id)
        if attempt.state != AttemptState.APPROVED:
            return False
        reverse_approval(session, actor, submission_id=attempt.submission_id, reason=REASON_UNDONE, now=now, tell=False)
        return True


def _faults(record: Record, by_id: Mapping[str, int], by_email: Mapping[str, int], context: Context) -> Iterable[Fault]:
    member_id, email = record["member_id"], record["member_email"]
    if not member_id and not email:
        yield Fault(N_("has neither member_id nor member_email"))
    known, addressed = by_id.get(member_id or ""), by_email.get(normal_email(email) or "")
    if known and addressed and known != addressed:
        yield Fault(N_("member_id and member_email belong to two different people"), field="member_email")
    if record["verdict"] and context.starter_id is not None and (known or addressed) == context.starter_id:
        yield Fault(N_("is your own, so another admin has to import it"), field="member_id" if known else "member_email")
    for name in ("submitted_at", "decided_at"):
        if record[name] and record[name] > context.now + CLOCK_DRIFT:
            yield Fault(N_("lies in the future"), field=name)
    if record["decided_at"] and record["decided_at"] < record["submitted_at"]:
        yield Fault(N_("lies before submitted_at"), field="decided_at")


def _submit(session: Session, actor: Actor, record: Record, context: Context, now: datetime) -> int:
    at = record["submitted_at"]
    person_id, challenge_id = _person_id(session, actor, record, context, now), _challenge_id(session, actor, record, context, now)
    submission = start_submission(session, actor, challenge_id=challenge_id, person_id=person_id, now=now, started_at=at)
    key = f"{IMPORTED}{context.batch_id}:{record.line}"
    return submit_attempt(session, actor, submission_id=submission.id, key=key, now=now, submitted_at=at, points=record["points"]).id


def _is_open(session: Session, record: Record, attempt_id: int) -> bool:
    """Tell whether the attempt can take the record's verdict: it waits, or was sent after the approval and is refused."""
    state = session.get_one(Attempt, attempt_id).state
    return state == AttemptState.WAITING or (state == AttemptState.CLOSED and record["verdict"] == REFUSED)


def _person_id(session: Session, actor: Actor, record: Record, context: Context, now: datetime) -> int:
    """Return the member: known by id, then by address, else new."""
    memo: dict[tuple[str, str], int] = context.memo.setdefault("people", {})
    key = (record["member_id"] or "", normal_email(record["member_email"]) or "")
    if key not in memo:
        memo[key] = _find_or_add_person(session, actor, record, context, now).id
    return memo[key]


def _find_or_add_person(session: Session, actor: Actor, record: Record, context: Context, now: datetime) -> Person:
    member_id, email = record["member_id"], record["member_email"]
    known = find_person_by_identity(session, context.source, member_id) if member_id else None
    if known is not None:
        return known
    person = find_person_by_email(session, email)
    if person is None:
        name = record["member_name"] or email or member_id
        person = add_person(session, actor, name=name, email=email, company_id=_company_id(session, actor, record, context, now), now=now)
    if member_id:
        identify_person(session, person_id=person.id, source=context.source, external_id=member_id, now=now)
    return person


def _company_id(session: Session, actor: Actor, record: Record, context: Context, now: datetime) -> int | None:
    memo: dict[str, int | None] = context.memo.setdefault("companies", {})
    key = company_rules.name_key(record["company"])
    if key not in memo:
        memo[key] = company_named(session, actor, record["company"], now)
    return memo[key]


def _challenge_id(session: Session, actor: Actor, record: Record, context: Context, now: datetime) -> int:
    """Return the challenge of this title and track that is or was live, or keep a record-only one."""
    memo: dict[tuple[str, str], int] = context.memo.setdefault("challenges", {})
    key = (record["track"], record["challenge"])
    if key not in memo:
        same = (Challenge.track == record["track"], Challenge.title == record["challenge"], Challenge.state != ChallengeState.DRAFT)
        found = session.scalar(select(Challenge.id).where(*same).order_by(Challenge.id).limit(1))
        points = record["points"]
        memo[key] = found or add_record_challenge(session, actor, title=key[1], track=key[0], points=points, now=now).id
    return memo[key]
