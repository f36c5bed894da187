"""Tables of joining by link: the links, and what people offer to do. Reference profiles read the offer."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime, one_of
from portal.profiles.rules.activity import Activity


class NominationLink(Base):
    """A link by which the nominee answers without signing in. The token travels in the link only; the table holds its hash."""

    __tablename__ = "nomination_link"
    __table_args__ = (Index(None, "token_hash", unique=True), Index(None, "nomination_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    nomination_id: Mapped[int] = mapped_column(BigId, ForeignKey("nomination.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ReferenceOffer(Base):
    """What a person offers to do as a reference, in their own words to us: at most ``per_quarter`` requests a quarter, of all kinds together."""

    __tablename__ = "reference_offer"
    __table_args__ = (CheckConstraint("per_quarter > 0", name="something"),)

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    nomination_id: Mapped[int] = mapped_column(BigId, ForeignKey("nomination.id"))
    per_quarter: Mapped[int]
    offered_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ReferenceOfferActivity(Base):
    """One kind in an offer: done with the consent ``consent_id``, as long as that holds, or never to be asked for where there is none."""

    __tablename__ = "reference_offer_activity"
    __table_args__ = (one_of("activity", Activity), CheckConstraint("is_never = (consent_id IS NULL)", name="consent_or_never"))

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("reference_offer.person_id"), primary_key=True, autoincrement=False)
    activity: Mapped[str] = mapped_column(String(20), primary_key=True)
    is_never: Mapped[bool]
    consent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("consent.id"))
