"""Rewards, what they come in, what people redeemed, and where it goes."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, Json, UTCDateTime, WordList, one_of
from portal.rewards.rules.cards import OrderState
from portal.rewards.rules.conditions import Period
from portal.rewards.rules.kinds import Kind, RewardState
from portal.rewards.rules.states import State

_AS_IT_IS, _ONE = "variant_id IS NULL", "variant_id IS NOT NULL"


class Reward(Base):
    """Something to spend points on. ``stock`` and ``limit_per_person`` empty: without limit.

    ``search_key`` is name and summary folded, so that a search finds "cafe" in "Café" on both
    engines; ``made_by`` the key of the form that made it. ``options`` are what its kind asks for besides,
    ``terms`` what is agreed to before it is redeemed. A reward with variants has no stock of its own.
    ``value_cents`` is what one is worth in cents of US dollars; empty: its price at the value of a point. Of a card whose amount is in
    US dollars it is that amount. ``warned_at`` is since when admins know that its codes run low; empty while they do not.
    """

    __tablename__ = "reward"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("state", RewardState),
        CheckConstraint("price > 0", name="price_positive"),
        CheckConstraint("stock >= 0", name="stock_never_below_zero"),
        CheckConstraint("limit_per_person > 0", name="limit_positive"),
        CheckConstraint("value_cents >= 0", name="value_not_negative"),
        UniqueConstraint("made_by"),
        Index(None, "state", "price", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(240))
    text: Mapped[str] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(String(400))
    kind: Mapped[str] = mapped_column(String(16))
    unit: Mapped[str] = mapped_column(String(16))
    price: Mapped[int] = mapped_column(BigInteger)
    stock: Mapped[int | None] = mapped_column(Integer)
    limit_per_person: Mapped[int | None] = mapped_column(Integer)
    picture_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("stored_file.id"))
    options: Mapped[dict[str, Any]] = mapped_column(Json)
    terms: Mapped[str] = mapped_column(Text)
    value_cents: Mapped[int | None]
    warned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(String(16))
    made_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class RewardConditions(Base):
    """What a reward asks for besides its price; without a row it asks for nothing.

    On sale from the day ``sale_from`` to the day ``sale_to``, both included, in the programme's zone; ``is_shown_before``: members
    see it before that. ``period`` is where the reward's limit for one person counts. ``level_id`` is the level it takes,
    ``countries`` the codes of those it is offered in; empty is everywhere.
    """

    __tablename__ = "reward_conditions"
    __table_args__ = (one_of("period", Period), CheckConstraint("sale_to >= sale_from", name="ends_after_it_begins"))

    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"), primary_key=True, autoincrement=False)
    sale_from: Mapped[date | None] = mapped_column(Date)
    sale_to: Mapped[date | None] = mapped_column(Date)
    is_shown_before: Mapped[bool]
    period: Mapped[str] = mapped_column(String(8))
    level_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("level.id"))
    countries: Mapped[tuple[str, ...]] = mapped_column(WordList(1000), nullable=True)


class RewardAudience(Base):
    """Which audience a reward is meant for; without a row it is meant for everybody."""

    __tablename__ = "reward_audience"
    __table_args__ = (UniqueConstraint("audience_id"),)

    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"), primary_key=True, autoincrement=False)
    audience_id: Mapped[int] = mapped_column(BigId, ForeignKey("audience.id"))


class RewardVariant(Base):
    """One of what a reward comes in: a size and colour, or a date with seats. ``stock`` empty: not counted."""

    __tablename__ = "reward_variant"
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock_never_below_zero"),
        UniqueConstraint("reward_id", "name"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"))
    name: Mapped[str] = mapped_column(String(80))
    happens_on: Mapped[date | None] = mapped_column(Date)
    stock: Mapped[int | None] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(Integer)
    is_active: Mapped[bool]


class Redemption(Base):
    """One reward asked for by one person, at the price of that moment.

    ``hold_id`` is the transfer that set the points aside. ``released_at`` is set once the reward
    is not theirs after all (declined, cancelled, ended, returned): then stock and points are back.
    ``variant`` is the name that was chosen, ``happens_on`` its day, as they were then; ``answers`` what the kind asked the person,
    ``handed`` what they were given (a tracking number, a code). ``terms_hash`` and ``terms_at`` keep which
    terms were agreed to, and when. ``slot`` numbers a person's redemptions of a reward with a limit within the period ``period_key``
    (``once``, ``2026``, ``2026-Q4`` or ``2026-11``), so that the database keeps it.
    """

    __tablename__ = "redemption"
    __table_args__ = (
        UniqueConstraint("key"),
        one_of("state", State),
        CheckConstraint("price > 0", name="price_positive"),
        CheckConstraint("(released_at IS NOT NULL) = (state IN ('declined', 'cancelled', 'ended', 'returned'))", name="released_when_given_back"),
        CheckConstraint("(terms_at IS NULL) = (terms_hash = '')", name="terms_have_time"),
        CheckConstraint("approved_by <> person_id", name="approved_by_another"),
        Index(
            "uq_redemption_slot",
            "reward_id",
            "person_id",
            "period_key",
            "slot",
            unique=True,
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
        Index(None, "person_id", "id"),
        Index(None, "state", "requested_at", "id"),
        Index(None, "reward_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"))
    variant_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("reward_variant.id"))
    variant: Mapped[str] = mapped_column(String(80))
    happens_on: Mapped[date | None] = mapped_column(Date)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    slot: Mapped[int | None] = mapped_column(Integer)
    period_key: Mapped[str] = mapped_column(String(8), server_default="once")
    price: Mapped[int] = mapped_column(BigInteger)
    has_stock: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16))
    hold_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("transfer.id"))
    capture_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("transfer.id"))
    wish: Mapped[str] = mapped_column(String(500))
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    terms_hash: Mapped[str] = mapped_column(String(64))
    terms_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    delivery: Mapped[str] = mapped_column(String(1000))
    handed: Mapped[dict[str, Any]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(String(500))
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime)
    approved_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ordered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    ordered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    received_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    received_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    failed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    retried_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    retried_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    released_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class AskedCard(Base):
    """What card one redemption is for, as its reward said when it was asked for: product at the provider, amount, currency, value in cents of
    US dollars. Without an amount the reward names none.
    """

    __tablename__ = "redemption_card"
    __table_args__ = (
        CheckConstraint("(amount_cents IS NULL) = (currency = '')", name="amount_whole"),
        CheckConstraint("amount_cents > 0 AND value_cents >= 0", name="amounts_positive"),
    )

    redemption_id: Mapped[int] = mapped_column(BigId, ForeignKey("redemption.id"), primary_key=True, autoincrement=False)
    product: Mapped[str] = mapped_column(String(80))
    amount_cents: Mapped[int | None]
    currency: Mapped[str] = mapped_column(String(3))
    value_cents: Mapped[int | None]


class CardShelf(Base):
    """Where spare cards of one product, amount and currency lie, which the provider made and nobody has seen. The vault calls it ``card:<id>``."""

    __tablename__ = "card_shelf"
    __table_args__ = (
        UniqueConstraint("product", "amount_cents", "currency"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product: Mapped[str] = mapped_column(String(80))
    amount_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))


class _Address:
    """Where a parcel goes. Personal: only the person and admins read it."""

    name: Mapped[str] = mapped_column(String(120))
    street: Mapped[str] = mapped_column(String(240))
    postcode: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(120))
    region: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2))


class RedemptionAddress(_Address, Base):
    """Where one redemption is sent. A row of its own, so that it can be erased and the redemption stays."""

    __tablename__ = "redemption_address"

    redemption_id: Mapped[int] = mapped_column(BigId, ForeignKey("redemption.id"), primary_key=True, autoincrement=False)


class KeptAddress(_Address, Base):
    """The address a person asked us to remember for the next parcel. Gone as soon as they ask us to forget it."""

    __tablename__ = "kept_address"

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    kept_at: Mapped[datetime] = mapped_column(UTCDateTime)


class RedemptionTerms(Base):
    """What the rule approves by itself: one row, or none while nobody changed it. ``most_cents`` empty: nothing."""

    __tablename__ = "redemption_terms"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"), CheckConstraint("most_cents > 0 AND received > 0", name="positive"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    most_cents: Mapped[int | None]
    received: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class RedemptionPause(Base):
    """A redemption that the rule looks at again ``until`` the rest after a change of password or address is over. The row goes with that look."""

    __tablename__ = "redemption_pause"
    __table_args__ = (Index(None, "until"),)

    redemption_id: Mapped[int] = mapped_column(BigId, ForeignKey("redemption.id"), primary_key=True, autoincrement=False)
    until: Mapped[datetime] = mapped_column(UTCDateTime)


class RewardWish(Base):
    """A reward that somebody would like. ``reached_at`` is since when it is within their reach, as far as they were told; empty while it is not."""

    __tablename__ = "reward_wish"
    __table_args__ = (Index(None, "reward_id"),)

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"), primary_key=True, autoincrement=False)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    reached_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RewardWait(Base):
    """Somebody who waits for what is sold out: a reward, or one variant of it. Nothing is charged, nothing is held.

    ``turn_at`` orders the list: the moment they joined or, once they were told, that moment, so that who was told goes behind who was not.
    """

    __tablename__ = "reward_wait"
    __table_args__ = (
        CheckConstraint("told_at IS NULL OR turn_at = told_at", name="told_goes_behind"),
        Index("uq_reward_wait_reward", "reward_id", "person_id", unique=True, sqlite_where=text(_AS_IT_IS), postgresql_where=text(_AS_IT_IS)),
        Index("uq_reward_wait_variant", "variant_id", "person_id", unique=True, sqlite_where=text(_ONE), postgresql_where=text(_ONE)),
        Index(None, "reward_id", "turn_at", "id"),
        Index(None, "person_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"))
    variant_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("reward_variant.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    joined_at: Mapped[datetime] = mapped_column(UTCDateTime)
    turn_at: Mapped[datetime] = mapped_column(UTCDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class StockReturn(Base):
    """Pieces that came back while people waited for them; so many people are told, once. ``open`` are still to be told about.

    ``was_empty`` tells whether the shelf was empty before: then who was told of earlier pieces, and waits still, may be told again.
    """

    __tablename__ = "stock_return"
    __table_args__ = (
        CheckConstraint("pieces > 0", name="pieces_positive"),
        CheckConstraint("open >= 0 AND told >= 0 AND told + open <= pieces", name="told_within_pieces"),
        Index(None, "reward_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"))
    variant_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("reward_variant.id"))
    pieces: Mapped[int]
    open: Mapped[int]
    told: Mapped[int]
    was_empty: Mapped[bool]
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)


class StockChange(Base):
    """A change of a stock by hand, with the key of the form that asked for it: the same form is one change for ever."""

    __tablename__ = "stock_change"
    __table_args__ = (UniqueConstraint("key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"))
    variant_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("reward_variant.id"))
    key: Mapped[str] = mapped_column(String(64))
    change: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


_OPEN_OR_MADE = text("state IN ('noted', 'doubt', 'made')")
_HAS_REFERENCE = text("reference <> ''")


class CardOrder(Base):
    """One card ordered from the provider for one redemption. Written and committed before the provider is asked.

    ``order_id`` follows from the redemption and is the same for ever; ``turn`` counts on only where the provider said for sure that it made
    nothing. ``claimed_until`` keeps two workers from asking at once. ``why`` is a word of ``rules.cards.Why``, never what the provider wrote.
    """

    __tablename__ = "card_order"
    __table_args__ = (
        one_of("state", OrderState),
        UniqueConstraint("order_id"),
        UniqueConstraint("redemption_id", "turn"),
        CheckConstraint("turn > 0 AND tries >= 0 AND amount_cents > 0", name="counted"),
        CheckConstraint("(settled_at IS NULL) = (state IN ('noted', 'doubt'))", name="settled_when_known"),
        CheckConstraint("state <> 'doubt' OR asked_at IS NOT NULL", name="doubt_was_asked"),
        Index("uq_card_order_one", "redemption_id", unique=True, sqlite_where=_OPEN_OR_MADE, postgresql_where=_OPEN_OR_MADE),
        Index("uq_card_order_reference", "reference", unique=True, sqlite_where=_HAS_REFERENCE, postgresql_where=_HAS_REFERENCE),
        Index(None, "state", "noted_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    redemption_id: Mapped[int] = mapped_column(BigId, ForeignKey("redemption.id"))
    turn: Mapped[int]
    order_id: Mapped[str] = mapped_column(String(80))
    product: Mapped[str] = mapped_column(String(80))
    amount_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(8))
    why: Mapped[str] = mapped_column(String(16))
    reference: Mapped[str] = mapped_column(String(100))
    tries: Mapped[int]
    noted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class CardTerms(Base):
    """Below which balance the provider's is low, in hundredths of its currency: one row, or none while nobody changed it."""

    __tablename__ = "card_terms"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"), CheckConstraint("low_cents >= 0", name="not_negative"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    low_cents: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class CardBalance(Base):
    """What the provider said of its balance: one row. ``failed_at`` is set while it does not answer, ``warned_at`` while it is low."""

    __tablename__ = "card_balance"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"), CheckConstraint("(cents IS NULL) = (currency = '')", name="amount_whole"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    cents: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    looked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    warned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
