"""Tables of people: persons, companies, what other systems call them, sessions, links, throttles, tags, interests."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime, one_of
from portal.people.rules.granting import POWERS
from portal.people.rules.interest import Interest, Wish
from portal.people.rules.link import Purpose
from portal.people.rules.person import PersonState, role_set
from portal.people.rules.session import browser_name


class Company(Base):
    """A customer organisation. ``owner_id`` is the employee who looks after it.

    ``name_key`` is the name folded for search and order; ``made_by`` the key of the form that made it.
    """

    __tablename__ = "company"
    __table_args__ = (
        UniqueConstraint("made_by"),
        Index(None, "name_key", "id"),
        Index(None, "owner_id"),
        Index(None, "industry", "region"),
        CheckConstraint("name <> ''", name="has_name"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(160))
    name_key: Mapped[str] = mapped_column(String(320))
    industry: Mapped[str] = mapped_column(String(120))
    size: Mapped[str] = mapped_column(String(40))
    region: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(120))
    domain: Mapped[str] = mapped_column(String(253))
    owner_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id", name="fk_company_owner_id", use_alter=True))
    made_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Person(Base):
    """Anyone the portal knows, with or without an address.

    ``email`` is as it was typed, ``email_key`` its normal form, unique. Active people have an
    address and a password. ``is_demo`` people are refused in production. ``board_name`` is the
    nickname somebody chose for boards, ``board_name_key`` the form in which nobody else may have it,
    ``left_board_at`` when they chose to stand on none. ``profile_kept_at``: when they first kept
    themselves how they appear here; ``welcomed_at``: when they put the welcome away.
    """

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("email_key"),
        UniqueConstraint("made_by"),
        Index(None, "name_key", "id"),
        Index(None, "company_id"),
        # The registry in its order, and counting people by state, which reads this alone; wide enough to search by name, company and title.
        Index("ix_person_registry", "is_advocate", "name_key", "id", "state", "company_id", "title"),
        Index(None, "board_name_key", unique=True),
        # Few people of many: whoever is told of a redemption.
        Index("ix_person_admins", "id", sqlite_where=text("is_admin = 1"), postgresql_where=text("is_admin")),
        # Few people of many: colleagues to choose from while a name is typed.
        Index("ix_person_employees", "name_key", "id", sqlite_where=text("is_employee = 1"), postgresql_where=text("is_employee")),
        one_of("state", PersonState),
        CheckConstraint("name <> ''", name="has_name"),
        CheckConstraint("(email IS NULL) = (email_key IS NULL)", name="email_has_key"),
        CheckConstraint("is_advocate OR is_employee OR is_admin", name="has_role"),
        CheckConstraint(
            "state <> 'active' OR (email_key IS NOT NULL AND password_hash IS NOT NULL AND joined_at IS NOT NULL)", name="active_can_sign_in"
        ),
        CheckConstraint("(state = 'deactivated') = (deactivated_at IS NOT NULL)", name="deactivated_has_time"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(240))
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(String(254))
    state: Mapped[str] = mapped_column(String(12))
    company_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("company.id"))
    title: Mapped[str] = mapped_column(String(120))
    is_advocate: Mapped[bool]
    is_employee: Mapped[bool]
    is_admin: Mapped[bool]
    is_demo: Mapped[bool]
    language: Mapped[str | None] = mapped_column(String(12))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    password_changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    made_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    invited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    joined_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    deactivated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    deactivation_reason: Mapped[str | None] = mapped_column(String(500))
    board_name: Mapped[str | None] = mapped_column(String(40))
    board_name_key: Mapped[str | None] = mapped_column(String(320))
    left_board_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    profile_kept_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    welcomed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def roles(self) -> frozenset[str]:
        return role_set(self.is_advocate, self.is_employee, self.is_admin)


class Reviewer(Base):
    """Who may see the approvals queue without being an admin, and on what they may decide. Without a row: nobody."""

    __tablename__ = "reviewer"
    __table_args__ = (CheckConstraint("attempts OR redemptions OR nominations", name="grants_something"),)

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    attempts: Mapped[bool]
    redemptions: Mapped[bool]
    nominations: Mapped[bool]
    granted_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    granted_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PowerGrant(Base):
    """Who was last given a role or permission with which one may decide (``power``), when and by whom. It stays when the power is taken away.

    Nobody is in here who had the role before such were noted. ``given_by_id`` is empty where the portal itself or the command line gave it.
    """

    __tablename__ = "power_grant"
    __table_args__ = (CheckConstraint(f"power IN {POWERS}", name="power_known"),)

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    power: Mapped[str] = mapped_column(String(16), primary_key=True)
    given_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)


class HandEdit(Base):
    """That somebody changed a field of a company or person in the portal since an import wrote it last: an import leaves it alone unless told."""

    __tablename__ = "hand_edit"
    __table_args__ = (CheckConstraint("subject_type IN ('company', 'person')", name="subject_known"),)

    subject_type: Mapped[str] = mapped_column(String(8), primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class PersonIdentity(Base):
    """What another system (``source``) calls a person."""

    __tablename__ = "person_identity"
    __table_args__ = (UniqueConstraint("source", "external_id"), Index(None, "person_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(80))
    external_id: Mapped[str] = mapped_column(String(200))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class SignInSession(Base):
    """One browser in which a person is signed in. The row is the session: without it the cookie is worth nothing."""

    __tablename__ = "sign_in_session"
    __table_args__ = (UniqueConstraint("token_hash"), Index(None, "person_id"), Index(None, "expires_at"), Index(None, "origin"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    is_kept: Mapped[bool]
    origin: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def browser_name(self) -> str:
        return browser_name(self.browser)


class SignInMark(Base):
    """That a person used a device at an address on a day, both hashed with a key of the installation. Neither can be read from it."""

    __tablename__ = "sign_in_mark"
    __table_args__ = (Index(None, "address"), Index(None, "day"))

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    device: Mapped[str] = mapped_column(String(32), primary_key=True)
    address: Mapped[str] = mapped_column(String(32))


class OneTimeLink(Base):
    """A link sent to a person: good once, for one purpose, for a while. Only the token's hash is kept."""

    __tablename__ = "one_time_link"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index(None, "person_id", "purpose"),
        one_of("purpose", Purpose),
        CheckConstraint("(purpose = 'email') = (new_email IS NOT NULL)", name="new_email_for_email"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    purpose: Mapped[str] = mapped_column(String(12))
    token_hash: Mapped[str] = mapped_column(String(64))
    new_email: Mapped[str | None] = mapped_column(String(254))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Throttle(Base):
    """How often something was tried lately, shared by all processes. ``subject_hash`` hides addresses of people who are not here."""

    __tablename__ = "throttle"
    __table_args__ = (
        UniqueConstraint("scope", "subject_hash"),
        Index(None, "window_ends_at"),
        CheckConstraint("tries >= 0", name="tries_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    scope: Mapped[str] = mapped_column(String(24))
    subject_hash: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int]
    window_ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    next_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Tag(Base):
    """A word with which admins mark people. ``name_key`` is the name folded, so that “VIP” and “vip” are one tag."""

    __tablename__ = "tag"
    __table_args__ = (UniqueConstraint("name_key"), CheckConstraint("name <> ''", name="has_name"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    name_key: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PersonTag(Base):
    """Who carries which tag, since when. ``tagged_by_id`` is empty where the portal itself did it."""

    __tablename__ = "person_tag"
    __table_args__ = (Index(None, "tag_id", "person_id"),)

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    tag_id: Mapped[int] = mapped_column(BigId, ForeignKey("tag.id"), primary_key=True, autoincrement=False)
    tagged_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    tagged_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PersonInterest(Base):
    """What a member said about one kind of thing they may be asked for. No row is no opinion."""

    __tablename__ = "person_interest"
    __table_args__ = (one_of("kind", Interest), one_of("wish", Wish), Index(None, "kind", "wish", "person_id"))

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    wish: Mapped[str] = mapped_column(String(8))
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
