"""Challenges, their versions and stages; submissions, their attempts and the verdicts on them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.challenges.rules.dismissing import WORDS_LENGTH, Why
from portal.challenges.rules.links import LinkState
from portal.challenges.rules.states import AttemptState, ChallengeState, Outcome, Period, SubmissionState
from portal.challenges.rules.verdicts import AppealState
from portal.kernel.schema import Base, BigId, Json, UTCDateTime, WordList, attach_ddl, one_of
from portal.kernel.tracks import Track

_NOT_DROPPED = text("dropped_at IS NULL")
_BY_RULE = text("rule_id IS NOT NULL")
_UNPUBLISHED = text("published_at IS NULL")
_OFFERED_FIRST = text("welcome_at IS NOT NULL")
_OF_VERSION = ("challenge_version.challenge_id", "challenge_version.number")


class Challenge(Base):
    """Something advocates are asked to do, with what it offers now: the fields of its version ``version``.

    That is the version published last, or, before the first publication, the draft. Lists read this
    row alone; whoever has begun reads the version they began with. What was paid stands on attempts
    and in the ledger. It can be done ``per_period`` times per ``period``. ``max_attempts`` bounds how often one
    submission may be declined; empty is without limit. ``is_record_only``: made by an import,
    closed and never offered. ``total_limit`` is for "the first N": then ``taken`` counts the
    submissions that hold a place (``has_place``), and is only changed by a guarded UPDATE. ``interests`` are those of
    ``people.rules.interest`` that it touches. ``search_key`` is title and summary folded for searching, ``made_by``
    the key of the form that made it. ``welcome_at``: since when new members are offered it first; of one challenge at most.
    """

    __tablename__ = "challenge"
    __table_args__ = (
        one_of("track", Track),
        one_of("period", Period),
        one_of("state", ChallengeState),
        CheckConstraint("points >= 0", name="points_not_negative"),
        CheckConstraint("minutes > 0", name="minutes_positive"),
        CheckConstraint("per_period > 0", name="per_period_positive"),
        CheckConstraint("max_attempts > 0", name="max_attempts_positive"),
        CheckConstraint("closes_on >= opens_on", name="dates_in_order"),
        CheckConstraint("total_limit > 0", name="total_limit_positive"),
        CheckConstraint("taken >= 0", name="taken_not_negative"),
        UniqueConstraint("made_by"),
        Index(None, "state", "track"),
        Index(None, "title"),
        # Never a record of an import, so that this holds one row at most.
        Index("uq_challenge_welcome", "is_record_only", unique=True, sqlite_where=_OFFERED_FIRST, postgresql_where=_OFFERED_FIRST),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    track: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(240))
    text: Mapped[str] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text)
    points: Mapped[int]
    minutes: Mapped[int | None]
    opens_on: Mapped[date | None]
    closes_on: Mapped[date | None]
    period: Mapped[str] = mapped_column(String(8))
    per_period: Mapped[int]
    max_attempts: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(8))
    version: Mapped[int] = mapped_column(default=1)
    total_limit: Mapped[int | None]
    interests: Mapped[tuple[str, ...]] = mapped_column(WordList(80), nullable=True)
    taken: Mapped[int] = mapped_column(default=0)
    is_record_only: Mapped[bool]
    made_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    welcome_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ChallengeAudience(Base):
    """Which audience a challenge is meant for; without a row it is meant for everybody.

    A table of its own, not a column: SQLite would have to rebuild ``challenge`` under the rows that point at it.
    """

    __tablename__ = "challenge_audience"
    __table_args__ = (UniqueConstraint("audience_id"),)

    challenge_id: Mapped[int] = mapped_column(BigId, ForeignKey("challenge.id"), primary_key=True, autoincrement=False)
    audience_id: Mapped[int] = mapped_column(BigId, ForeignKey("audience.id"))


class ChallengeVersion(Base):
    """What a challenge offers and asks, as it was published the ``number``-th time; the one without ``published_at`` is the draft of the next.

    A challenge has at most one draft. Publishing freezes a version with its stages, in the database
    too. ``asked_by_id`` asked a second admin to look at the draft before it is published.
    """

    __tablename__ = "challenge_version"
    __table_args__ = (
        one_of("track", Track),
        one_of("period", Period),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("points >= 0", name="points_not_negative"),
        CheckConstraint("minutes > 0", name="minutes_positive"),
        CheckConstraint("per_period > 0", name="per_period_positive"),
        CheckConstraint("max_attempts > 0", name="max_attempts_positive"),
        CheckConstraint("closes_on >= opens_on", name="dates_in_order"),
        CheckConstraint("total_limit > 0", name="total_limit_positive"),
        CheckConstraint("(asked_by_id IS NULL) OR (asked_at IS NOT NULL)", name="asked_has_time"),
        Index("uq_challenge_version_draft", "challenge_id", unique=True, sqlite_where=_UNPUBLISHED, postgresql_where=_UNPUBLISHED),
    )

    challenge_id: Mapped[int] = mapped_column(BigId, ForeignKey("challenge.id"), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    track: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(240))
    text: Mapped[str] = mapped_column(Text)
    points: Mapped[int]
    minutes: Mapped[int | None]
    opens_on: Mapped[date | None]
    closes_on: Mapped[date | None]
    period: Mapped[str] = mapped_column(String(8))
    per_period: Mapped[int]
    max_attempts: Mapped[int | None]
    total_limit: Mapped[int | None]
    interests: Mapped[tuple[str, ...]] = mapped_column(WordList(80), nullable=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    asked_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    published_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class Prerequisite(Base):
    """A challenge that has to be done before this version of another can be begun."""

    __tablename__ = "challenge_prerequisite"
    __table_args__ = (
        ForeignKeyConstraint(["challenge_id", "version"], _OF_VERSION),
        CheckConstraint("requires_id <> challenge_id", name="of_another"),
    )

    challenge_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    requires_id: Mapped[int] = mapped_column(BigId, ForeignKey("challenge.id"), primary_key=True, autoincrement=False)


class Stage(Base):
    """One step of one version of a challenge. ``kind`` names a class in ``stages/``, which alone knows what ``options`` means.

    ``points`` are a part of the points of the whole. ``origin_id`` is the step of an earlier version
    that this one was first copied from. A removed stage stays, because answers may point at it. No
    CHECK on ``kind``: a new one touches one file.
    """

    __tablename__ = "stage"
    __table_args__ = (
        UniqueConstraint("made_by"),
        CheckConstraint("points >= 0", name="points_not_negative"),
        ForeignKeyConstraint(["challenge_id", "version"], _OF_VERSION),
        Index(None, "challenge_id", "version", "position"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"))
    version: Mapped[int] = mapped_column(default=1)
    origin_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("stage.id"))
    points: Mapped[int] = mapped_column(default=0)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    options: Mapped[dict[str, Any]] = mapped_column(Json)
    made_by: Mapped[str | None] = mapped_column(String(64))
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Submission(Base):
    """One person's answer to one slot of a challenge; the unique index is the rule of once or N per period.

    ``period_key`` and ``zone`` (the member's) are computed once, at the start, and stay: a weekly
    challenge begun on Sunday and sent on Monday counts for the week it was begun in, which is over at
    ``period_ends_at`` wherever the member is by then. ``version`` is that of the
    challenge at the start, and stays: its steps, text and points hold. ``declines`` counts verdicts
    against ``max_attempts``, ``decisions`` numbers verdicts and with them the ledger's keys.
    ``dropped_at`` is set by a withdrawal or by undoing an import, and frees the slot.
    """

    __tablename__ = "submission"
    __table_args__ = (
        one_of("state", SubmissionState),
        CheckConstraint("nth > 0", name="nth_positive"),
        ForeignKeyConstraint(["challenge_id", "version"], _OF_VERSION),
        Index(
            "uq_submission_slot",
            "person_id",
            "challenge_id",
            "period_key",
            "nth",
            unique=True,
            sqlite_where=_NOT_DROPPED,
            postgresql_where=_NOT_DROPPED,
        ),
        Index(None, "person_id", "changed_at", "id"),
        Index(None, "challenge_id", "changed_at", "id"),
        Index("ix_submission_figures", "challenge_id", "dropped_at", "state", "paid"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"))
    version: Mapped[int] = mapped_column(default=1)
    period_key: Mapped[str] = mapped_column(String(16))
    zone: Mapped[str] = mapped_column(String(64))
    period_ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    has_place: Mapped[bool] = mapped_column(default=False)
    nth: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    declines: Mapped[int]
    decisions: Mapped[int]
    paid: Mapped[int | None]
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    dropped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Dismissal(Base):
    """That a challenge is not for somebody, and why. Gone again once they take it back, or begin the challenge."""

    __tablename__ = "challenge_dismissal"
    __table_args__ = (one_of("reason", Why), Index(None, "challenge_id", "reason"))

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    challenge_id: Mapped[int] = mapped_column(BigId, ForeignKey("challenge.id"), primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(String(12))
    words: Mapped[str] = mapped_column(String(WORDS_LENGTH))
    dismissed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Answer(Base):
    """What a person has entered for one stage so far, on whichever device; sending copies it into an attempt."""

    __tablename__ = "submission_answer"
    __table_args__ = (UniqueConstraint("submission_id", "stage_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"))
    value: Mapped[dict[str, Any]] = mapped_column(Json)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)


class StagePayment(Base):
    """Points paid at once when a step was completed. A step pays at once a single time for a submission, taken back or not."""

    __tablename__ = "stage_payment"
    __table_args__ = (UniqueConstraint("submission_id", "stage_id"), CheckConstraint("points > 0", name="points_positive"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"))
    points: Mapped[int]
    transfer_id: Mapped[int] = mapped_column(BigId)
    paid_at: Mapped[datetime] = mapped_column(UTCDateTime)
    taken_back_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Attempt(Base):
    """One answer as it was sent, with the points that were offered then. Only its verdict changes.

    ``answers`` is a copy of stages and values, so that editing the challenge rewrites nothing.
    ``key`` comes with the form: sending it twice is one attempt.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        one_of("state", AttemptState),
        CheckConstraint("points >= 0", name="points_not_negative"),
        UniqueConstraint("submission_id", "number"),
        UniqueConstraint("submission_id", "key"),
        Index(None, "state", "submitted_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(80))
    points: Mapped[int]
    answers: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(16))
    submitted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Verdict(Base):
    """One decision on an attempt. Append-only; ``number`` counts within the submission and stands in the ledger's key.

    ``decided_by_id`` is empty where the command line imported or a rule (``rule_id``) approved. ``transfer_id`` is the ledger's
    line, empty where nothing was paid. ``category`` sorts declines, ``first_by_id`` gave the first of two approvals, ``stage_id``
    is the step somebody was sent back to. ``before`` is how things stood, so that it can be undone within the minute.
    """

    __tablename__ = "verdict"
    __table_args__ = (
        one_of("outcome", Outcome),
        UniqueConstraint("submission_id", "number"),
        Index(None, "attempt_id"),
        Index(None, "decided_at"),
        Index(None, "decided_by_id", "recorded_at"),
        Index("ix_verdict_rule", "rule_id", "id", sqlite_where=_BY_RULE, postgresql_where=_BY_RULE),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    number: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    points: Mapped[int]
    transfer_id: Mapped[int | None] = mapped_column(BigId)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    category: Mapped[str | None] = mapped_column(String(24))
    first_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("stage.id"))
    rule_id: Mapped[int | None] = mapped_column(BigId)
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)


class Appeal(Base):
    """An advocate asks for somebody else's eyes on a decline; once for each verdict. Waits in the approvals queue as a thing of its own."""

    __tablename__ = "appeal"
    __table_args__ = (
        one_of("state", AppealState),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
        UniqueConstraint("verdict_id"),
        Index(None, "state", "made_at", "id"),
        Index(None, "submission_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    verdict_id: Mapped[int] = mapped_column(BigId)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    declined_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    words: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class AutoRule(Base):
    """A rule by which the portal approves by itself. Off until an admin switches it on; a removed one stays, since verdicts name it.

    It holds for answers to ``challenge_id`` (any, if empty) all of whose steps are of ``kinds`` (any,
    if none are listed), worth at most ``points_limit``, of members with ``approvals`` approved answers
    and none taken back ``within_days``, that have waited ``after_days``.
    """

    __tablename__ = "auto_rule"
    __table_args__ = (
        CheckConstraint("points_limit >= 0", name="limit_not_negative"),
        CheckConstraint("approvals >= 0 AND within_days > 0 AND after_days >= 0", name="counts"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    is_on: Mapped[bool]
    challenge_id: Mapped[int | None] = mapped_column(ForeignKey("challenge.id"))
    kinds: Mapped[list[str]] = mapped_column(Json)
    points_limit: Mapped[int]
    approvals: Mapped[int]
    within_days: Mapped[int]
    after_days: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ReviewSite(Base):
    """A review site as an organisation knows it. ``key`` is that of a site the product knows, or one of the organisation's own.

    Without ``facts`` the product's hold, and only the day on which somebody checked them is kept. ``version``
    counts edits and stands with every confirmation of a disclosure.
    """

    __tablename__ = "review_site"
    __table_args__ = (UniqueConstraint("key"), CheckConstraint("version > 0", name="version_positive"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(80))
    facts: Mapped[dict[str, Any] | None] = mapped_column(Json)
    version: Mapped[int]
    checked_on: Mapped[date | None]
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class LinkCheck(Base):
    """Whether a page that was shared as proof is there, as the worker found it last. One row a submission, step and address.

    ``asked`` counts how often it was asked for; an answer to an earlier asking changes nothing. ``status`` is what
    the page answered, ``why`` the reason where it could not be asked, ``host`` where it ended.
    """

    __tablename__ = "link_check"
    __table_args__ = (
        one_of("state", LinkState),
        CheckConstraint("asked > 0", name="asked_positive"),
        CheckConstraint("(state = 'waiting') = (checked_at IS NULL)", name="checked"),
        UniqueConstraint("submission_id", "stage_id", "url"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(BigId, ForeignKey("submission.id"))
    stage_id: Mapped[int] = mapped_column(BigId, ForeignKey("stage.id"))
    url: Mapped[str] = mapped_column(String(600))
    state: Mapped[str] = mapped_column(String(12))
    asked: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    status: Mapped[int | None]
    why: Mapped[str | None] = mapped_column(String(16))
    host: Mapped[str | None] = mapped_column(String(255))


class OwnTemplate(Base):
    """A template of the organisation's own, as a document (``rules/templates.py``). One with the key of ours stands in its place until it is removed.

    ``revision`` counts edits, so that nobody overwrites what they have not seen; ``made_by`` is the key of the form that made it.
    """

    __tablename__ = "challenge_template"
    __table_args__ = (UniqueConstraint("key"), UniqueConstraint("made_by"), CheckConstraint("revision > 0", name="revision_positive"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]] = mapped_column(Json)
    revision: Mapped[int]
    made_by: Mapped[str | None] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class HiddenTemplate(Base):
    """That a template of ours is not offered here."""

    __tablename__ = "hidden_template"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    hidden_at: Mapped[datetime] = mapped_column(UTCDateTime)
    hidden_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


def fixed_ddl(table: str, columns: str) -> dict[str, list[str]]:
    """Return the triggers that keep ``columns`` of ``table`` as written and its rows in place.

    Unlike the ledger's tables some columns may change: an attempt gets its verdict, and free text
    must be erasable when a person asks for it.
    """
    sqlite = [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    ]
    postgresql = [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    ]
    return {"sqlite": sqlite, "postgresql": postgresql}


ATTEMPT_FIXED = "submission_id, number, key, points, submitted_at, recorded_at"
VERDICT_FIXED = "submission_id, attempt_id, number, outcome, points, transfer_id, decided_by_id, decided_at, recorded_at"
VERDICT_FIXED += ", category, first_by_id, stage_id, rule_id, before"
attach_ddl(Attempt.__table__, fixed_ddl("attempt", ATTEMPT_FIXED))  # type: ignore[arg-type]
attach_ddl(Verdict.__table__, fixed_ddl("verdict", VERDICT_FIXED))  # type: ignore[arg-type]


def version_ddl() -> dict[str, list[str]]:
    """Return the triggers that keep a version as it was published."""
    when = "OLD.published_at IS NOT NULL"
    sqlite, postgresql = [], []
    for event in ("update", "delete"):
        head = f"CREATE TRIGGER challenge_version_no_{event} BEFORE {event.upper()} ON challenge_version"
        sqlite.append(f"{head} WHEN {when} BEGIN SELECT RAISE(ABORT, 'challenge_version is frozen'); END")
        postgresql.append(f"{head} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse_change()")
    return {"sqlite": sqlite, "postgresql": postgresql}


def stage_ddl() -> dict[str, list[str]]:
    """Return the triggers that let no step be added to, changed in or taken from a published version."""
    of_row = "SELECT 1 FROM challenge_version WHERE challenge_id = {row}.challenge_id AND number = {row}.version AND published_at IS NOT NULL"
    sqlite, postgresql = [], [STAGE_FUNCTION]
    for event, row in (("insert", "NEW"), ("update", "OLD"), ("delete", "OLD")):
        head = f"CREATE TRIGGER stage_no_{event} BEFORE {event.upper()} ON stage"
        sqlite.append(f"{head} WHEN EXISTS ({of_row.format(row=row)}) BEGIN SELECT RAISE(ABORT, 'stage is frozen'); END")
        postgresql.append(f"{head} FOR EACH ROW EXECUTE FUNCTION refuse_frozen_stage()")
    return {"sqlite": sqlite, "postgresql": postgresql}


STAGE_FUNCTION = (
    "CREATE OR REPLACE FUNCTION refuse_frozen_stage() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "DECLARE it stage := CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END; BEGIN "
    "IF EXISTS (SELECT 1 FROM challenge_version v WHERE v.challenge_id = it.challenge_id AND v.number = it.version AND v.published_at IS NOT NULL) "
    "THEN RAISE EXCEPTION USING MESSAGE = 'stage is frozen', ERRCODE = 'restrict_violation'; END IF; "
    "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
)
attach_ddl(ChallengeVersion.__table__, version_ddl())  # type: ignore[arg-type]
attach_ddl(Stage.__table__, stage_ddl())  # type: ignore[arg-type]
