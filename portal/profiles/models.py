"""Tables of reference profiles: the profile, what its person does, words, days off; what shows a consent; questions and links; own edits."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime, one_of
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.fresh import Answer, Why
from portal.profiles.rules.states import Retired, Status, WordKind

_DUE = text("status IN ('active', 'resting')")
_OPEN = text("ended_at IS NULL")


class ReferenceProfile(Base):
    """What we know of one person as a reference. How often they may be asked is their goodwill budget, which ``acts`` owns.

    ``status`` says where it stands, ``is_visible`` whether it may be found at all: neither follows from the other. ``tier`` is who may find
    it. ``story`` is what they use us for, ``results`` what came of that, ``sensitivities`` what to keep in mind (staff only). ``verified_at``
    is when somebody last said that all this is true, ``verify_on`` the day on which it is asked again, ``verify_why`` what pulled that
    forward. ``nps`` is the newest score they gave. ``search`` is what a plain search looks through. ``edition`` counts what was changed.
    """

    __tablename__ = "reference_profile"
    __table_args__ = (
        one_of("status", Status),
        one_of("retired_as", Retired),
        CheckConstraint("tier IN (1, 2, 3)", name="tier_known"),
        CheckConstraint("nps BETWEEN 0 AND 10", name="nps_in_range"),
        CheckConstraint("(status = 'retired') = (retired_as IS NOT NULL)", name="retired_has_reason"),
        Index(None, "status", "is_visible", "tier"),
        Index("ix_reference_profile_due", "verify_on", "person_id", sqlite_where=_DUE, postgresql_where=_DUE),
    )

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(String(20))
    is_visible: Mapped[bool]
    tier: Mapped[int]
    time_zone: Mapped[str] = mapped_column(String(64))
    story: Mapped[str] = mapped_column(Text)
    results: Mapped[str] = mapped_column(Text)
    sensitivities: Mapped[str] = mapped_column(Text)
    rests_until: Mapped[date | None] = mapped_column(Date)
    status_reason: Mapped[str] = mapped_column(String(500))
    retired_as: Mapped[str | None] = mapped_column(String(12))
    verified_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    verified_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    verify_on: Mapped[date | None] = mapped_column(Date)
    verify_why: Mapped[str] = mapped_column(String(40))
    nps: Mapped[int | None]
    nps_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    search: Mapped[str] = mapped_column(Text)
    edition: Mapped[int]
    made_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ProfileActivity(Base):
    """One thing the person does, with the consent that allows asking for it, as long as that holds; or never, where they said so."""

    __tablename__ = "profile_activity"
    __table_args__ = (
        one_of("activity", Activity),
        CheckConstraint("is_never = (consent_id IS NULL)", name="consent_or_never"),
        Index(None, "activity", "is_never", "person_id"),
        Index(None, "consent_id"),
    )

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("reference_profile.person_id"), primary_key=True, autoincrement=False)
    activity: Mapped[str] = mapped_column(String(20), primary_key=True)
    is_never: Mapped[bool]
    consent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("consent.id"))


class ProfileWord(Base):
    """One word of a profile. ``key`` is the word folded, by which it is searched and compared."""

    __tablename__ = "profile_word"
    __table_args__ = (one_of("kind", WordKind), CheckConstraint("word <> ''", name="has_word"), Index(None, "kind", "key", "person_id"))

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("reference_profile.person_id"), primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    key: Mapped[str] = mapped_column(String(240), primary_key=True)
    word: Mapped[str] = mapped_column(String(120))


class ProfileBlackout(Base):
    """Days, both included, on which the person is not asked for a meeting."""

    __tablename__ = "profile_blackout"
    __table_args__ = (CheckConstraint("first_on <= last_on", name="in_order"), Index(None, "person_id", "last_on"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("reference_profile.person_id"))
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(200))


class ProfileProof(Base):
    """What shows a consent of a profile: given by the person on their own page (``is_own``), or written down by staff with a file or in words."""

    __tablename__ = "profile_proof"
    __table_args__ = (Index(None, "person_id"), Index(None, "file_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("reference_profile.person_id"))
    is_own: Mapped[bool]
    note: Mapped[str] = mapped_column(String(500))
    file_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("stored_file.id"))
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ProfileCheck(Base):
    """One round of asking whether a profile is true: asked, perhaps reminded, ended by the first answer. Of one profile one is open.

    ``hidden_at`` is when silence hid the profile; it may be answered all the same. ``answered_by_id`` is empty where nobody answered and it
    ended otherwise: the profile was retired, or is not asked about any more.
    """

    __tablename__ = "profile_check"
    __table_args__ = (
        one_of("why", Why),
        one_of("answer", Answer),
        CheckConstraint("ended_at IS NOT NULL OR answer IS NULL", name="answer_ends"),
        Index("uq_profile_check_open", "person_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "person_id", "id"),
        Index("ix_profile_check_waiting", "asked_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("reference_profile.person_id"))
    why: Mapped[str] = mapped_column(String(12))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hidden_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answer: Mapped[str | None] = mapped_column(String(12))
    answered_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    note: Mapped[str] = mapped_column(String(500))


class ProfileLink(Base):
    """A link that works without signing in: of ``reader_id``, to answer ``check_id``, or without one to the person's own page.

    The token travels in the link only; the table holds its hash.
    """

    __tablename__ = "profile_link"
    __table_args__ = (Index(None, "token_hash", unique=True), Index(None, "check_id"), Index(None, "person_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("reference_profile.person_id"))
    reader_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    check_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("profile_check.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ProfileEdit(Base):
    """That somebody wrote this field here last: the person themself (``is_own``) or staff. No import overwrites it unless told; if one does,
    the row is gone.
    """

    __tablename__ = "profile_edit"

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("reference_profile.person_id"), primary_key=True, autoincrement=False)
    field: Mapped[str] = mapped_column(String(32), primary_key=True)
    is_own: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
