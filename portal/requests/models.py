"""Tables of reference requests: the request with its deal, and the people who were proposed for it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, Json, UTCDateTime, one_of
from portal.profiles.rules.activity import Activity
from portal.requests.rules.links import LinkKind
from portal.requests.rules.outcome import Side
from portal.requests.rules.states import CandidateState, DealOutcome, DealStage, State
from portal.requests.rules.waiting import WaitWord

_LIVES = text("state NOT IN ('draft', 'completed', 'missed', 'declined', 'expired', 'cancelled', 'withdrawn')")
_UNASKED = text("asked_at IS NULL AND cancelled_at IS NULL")
_HOLDS = text("state NOT IN ('owner_declined', 'declined', 'no_answer', 'withdrawn')")


class ReferenceRequest(Base):
    """What an employee needs a reference for. Prospect and deal are read by the requester, who handles it, the account owner asked, and admins.

    ``deal_value`` is in whole units of ``currency``. ``criteria`` is what was searched for (``finding.rules``). ``is_self_serve`` tells that
    the requester picks the person themself. ``handler_id`` is the admin who took it up. ``unfilled_by`` names the criterion that left nobody.
    ``deal_ref`` is what the sales system calls the deal. ``told_as`` is how customers hear of the prospect (its name only where the
    requester says so), ``words`` a line to them: nothing else of prospect and deal reaches them. Moments: ``opened_at`` sent,
    ``first_proposed_at``, ``accepted_at`` by a customer, ``ended_at`` in any final state.
    """

    __tablename__ = "reference_request"
    __table_args__ = (
        one_of("state", State),
        one_of("activity", Activity),
        one_of("deal_stage", DealStage),
        one_of("deal_outcome", DealOutcome),
        CheckConstraint("deal_value >= 0", name="value_not_negative"),
        CheckConstraint("(deal_outcome IS NULL) = (deal_closed_on IS NULL)", name="deal_closed_whole"),
        UniqueConstraint("requester_id", "key"),
        Index(None, "requester_id", "made_at", "id"),
        Index("ix_reference_request_lives", "needed_by", "id", sqlite_where=_LIVES, postgresql_where=_LIVES),
        Index(None, "state", "changed_at", "id"),
        Index(None, "opened_at", "id"),
        Index(None, "deal_ref"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    requester_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    handler_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    is_self_serve: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16))
    activity: Mapped[str] = mapped_column(String(20))
    prospect: Mapped[str] = mapped_column(String(160))
    prospect_domain: Mapped[str] = mapped_column(String(253))
    prospect_contact: Mapped[str] = mapped_column(String(120))
    prospect_email: Mapped[str] = mapped_column(String(254))
    industry: Mapped[str] = mapped_column(String(120))
    region: Mapped[str] = mapped_column(String(120))
    size: Mapped[str] = mapped_column(String(40))
    product: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(60))
    competitor: Mapped[str] = mapped_column(String(160))
    worry: Mapped[str] = mapped_column(Text)
    criteria: Mapped[dict[str, Any]] = mapped_column(Json)
    deal_name: Mapped[str] = mapped_column(String(160))
    deal_value: Mapped[int | None] = mapped_column(BigId)
    currency: Mapped[str] = mapped_column(String(3))
    deal_stage: Mapped[str | None] = mapped_column(String(12))
    deal_outcome: Mapped[str | None] = mapped_column(String(4))
    deal_closed_on: Mapped[date | None] = mapped_column(Date)
    needed_by: Mapped[date | None] = mapped_column(Date)
    expected_grade: Mapped[int | None]
    end_code: Mapped[str] = mapped_column(String(20))
    end_reason: Mapped[str] = mapped_column(String(500))
    unfilled_by: Mapped[str] = mapped_column(String(40))
    deal_ref: Mapped[str | None] = mapped_column(String(80))
    told_as: Mapped[str | None] = mapped_column(String(160))
    words: Mapped[str | None] = mapped_column(Text)
    search: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    first_proposed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RequestCandidate(Base):
    """One person who was proposed for a request: the ask that reserved their slot, why they fit, and what came of it.

    ``reasons`` is why they fit (``finding``, ``Told.to_json``). Of one request at most one candidate holds at a time; one person stands once, and
    is proposed anew in the same row where nobody had written to them.
    ``owner_code`` and ``owner_said`` are the account owner's answer, ``decline_code`` and ``said`` the customer's, ``suggested_*`` the
    colleague they named instead. ``grade`` (1 to 5) is how the meeting went in the requester's eyes, ``minutes`` what it took the customer.
    """

    __tablename__ = "request_candidate"
    __table_args__ = (
        one_of("state", CandidateState),
        UniqueConstraint("request_id", "person_id"),
        CheckConstraint("grade BETWEEN 1 AND 5", name="grade_in_range"),
        CheckConstraint("minutes >= 0", name="minutes_not_negative"),
        Index("uq_request_candidate_holds", "request_id", unique=True, sqlite_where=_HOLDS, postgresql_where=_HOLDS),
        Index(None, "person_id", "proposed_at"),
        Index(None, "company_id", "proposed_at"),
        Index(None, "owner_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("reference_request.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    company_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("company.id"))
    owner_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    ask_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("ask.id"))
    state: Mapped[str] = mapped_column(String(16))
    fit: Mapped[int | None]
    reasons: Mapped[list[Any]] = mapped_column(Json)
    proposed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    proposed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    owner_answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decline_code: Mapped[str] = mapped_column(String(20))
    said: Mapped[str] = mapped_column(String(1000))
    suggested_name: Mapped[str] = mapped_column(String(120))
    suggested_email: Mapped[str] = mapped_column(String(254))
    grade: Mapped[int | None]
    minutes: Mapped[int | None]
    owner_code: Mapped[str | None] = mapped_column(String(20))
    owner_said: Mapped[str | None] = mapped_column(String(500))
    owner_reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    escalated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    customer_reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    told_result_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RequestLink(Base):
    """A link by which an account owner, the customer or the prospect answers without signing in. Only the token's hash is kept."""

    __tablename__ = "request_link"
    __table_args__ = (one_of("kind", LinkKind), Index(None, "token_hash", unique=True), Index(None, "candidate_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    candidate_id: Mapped[int] = mapped_column(BigId, ForeignKey("request_candidate.id"))
    kind: Mapped[str] = mapped_column(String(8))
    token_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RequestSlot(Base):
    """A time that the customer offers, while it is not taken back; ``zone`` is where they read their clock."""

    __tablename__ = "request_slot"
    __table_args__ = (UniqueConstraint("candidate_id", "starts_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    candidate_id: Mapped[int] = mapped_column(BigId, ForeignKey("request_candidate.id"))
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    minutes: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    is_offered: Mapped[bool]


class RequestMeeting(Base):
    """The meeting of a candidate: one entry of a calendar, ``uid``, which every change sends anew with a higher ``sequence``.

    ``place`` is a link or an address. ``asked_at`` is when both sides were asked what happened; ``cancelled_at`` when it was called off.
    """

    __tablename__ = "request_meeting"
    __table_args__ = (
        UniqueConstraint("uid"),
        CheckConstraint("minutes > 0", name="takes_time"),
        CheckConstraint("sequence >= 0", name="sequence_counts"),
        Index("ix_request_meeting_unasked", "starts_at", sqlite_where=_UNASKED, postgresql_where=_UNASKED),
    )

    candidate_id: Mapped[int] = mapped_column(BigId, ForeignKey("request_candidate.id"), primary_key=True, autoincrement=False)
    uid: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    minutes: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    prospect_zone: Mapped[str | None] = mapped_column(String(64))
    place: Mapped[str] = mapped_column(String(500))
    booked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RequestWait(Base):
    """The clock of what a candidate said yes to (``rules.waiting.Wait``): a row once somebody was reminded or asked, or offered new times.

    ``word`` is why another time is looked for, ``words`` what was said with it.
    """

    __tablename__ = "request_wait"
    __table_args__ = (CheckConstraint("rounds >= 0", name="rounds_count"), one_of("word", WaitWord))

    candidate_id: Mapped[int] = mapped_column(BigId, ForeignKey("request_candidate.id"), primary_key=True, autoincrement=False)
    since_at: Mapped[datetime] = mapped_column(UTCDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    rounds: Mapped[int]
    word: Mapped[str | None] = mapped_column(String(12))
    words: Mapped[str | None] = mapped_column(String(500))


class RequestOutside(Base):
    """That the meeting of a candidate was arranged outside the portal and written down when it was over: ``who`` took part, in words."""

    __tablename__ = "request_outside"

    candidate_id: Mapped[int] = mapped_column(BigId, ForeignKey("request_candidate.id"), primary_key=True, autoincrement=False)
    who: Mapped[str] = mapped_column(String(200))
    noted_by_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    noted_at: Mapped[datetime] = mapped_column(UTCDateTime)


class RequestOutcome(Base):
    """What one side says happened, once. ``minutes`` is what it took the customer; the requester alone gives a ``grade``."""

    __tablename__ = "request_outcome"
    __table_args__ = (
        one_of("side", Side),
        UniqueConstraint("candidate_id", "side"),
        CheckConstraint("grade BETWEEN 1 AND 5", name="grade_in_range"),
        CheckConstraint("minutes >= 0", name="minutes_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    candidate_id: Mapped[int] = mapped_column(BigId, ForeignKey("request_candidate.id"))
    side: Mapped[str] = mapped_column(String(12))
    came: Mapped[bool]
    grade: Mapped[int | None]
    minutes: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(1000))
    said_at: Mapped[datetime] = mapped_column(UTCDateTime)


class RequestTerms(Base):
    """The terms of ``rules.terms.Terms``: one row, or none while nobody changed them. ``points`` by activity."""

    __tablename__ = "request_terms"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("owner_days > 0 AND escalate_days > owner_days AND remind_days > 0 AND silent_days > remind_days", name="days_in_order"),
        CheckConstraint("confirm_days > 0 AND minutes IN (30, 60)", name="lengths_known"),
        CheckConstraint("pick_days > 0 AND done_days > 0 AND last_days > 0", name="ends_after_yes"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    owner_days: Mapped[int]
    escalate_days: Mapped[int]
    remind_days: Mapped[int]
    silent_days: Mapped[int]
    confirm_days: Mapped[int]
    minutes: Mapped[int]
    pick_days: Mapped[int]
    done_days: Mapped[int]
    last_days: Mapped[int]
    points: Mapped[dict[str, Any]] = mapped_column(Json)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
