"""What shows consents of profiles, rounds of verification, links, own edits; what customers offered by link becomes reference profiles."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
OPEN = sa.text("ended_at IS NULL")
ACTIVITIES = (
    "call", "review", "case_study", "speaking", "press", "advisory_board", "video", "referral", "visit", "quote", "logo", "analyst",
)  # fmt: skip
DAYS, DAYS_TIER_1, QUARTER = 180, 90, 90


def _one_of(column: str, *known: str) -> str:
    return f"{column} IN ({', '.join(repr(one) for one in known)})"


def upgrade() -> None:
    _tables()
    _take_over()
    op.drop_table("reference_offer_activity")
    op.drop_table("reference_offer")


def downgrade() -> None:
    """Who said yes by the link of a nomination has an offer again. Profiles stay where the release before keeps them, and reads none."""
    _offers()
    _give_back()
    for table in ("profile_edit", "profile_link", "profile_check", "profile_proof"):
        op.drop_table(table)


def _tables() -> None:
    op.create_table(
        "profile_proof",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("is_own", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("file_id", BIG),
        sa.Column("by_id", BIG),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_profile_proof"),
        sa.ForeignKeyConstraint(["person_id"], ["reference_profile.person_id"], name="fk_profile_proof_person_id"),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name="fk_profile_proof_file_id"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_profile_proof_by_id"),
    )
    op.create_index("ix_profile_proof_person_id", "profile_proof", ["person_id"])
    op.create_index("ix_profile_proof_file_id", "profile_proof", ["file_id"])
    op.create_table(
        "profile_check",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("why", sa.String(12), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("asked_by_id", BIG),
        sa.Column("reminded_at", MOMENT),
        sa.Column("hidden_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("answer", sa.String(12)),
        sa.Column("answered_by_id", BIG),
        sa.Column("note", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_profile_check"),
        sa.ForeignKeyConstraint(["person_id"], ["reference_profile.person_id"], name="fk_profile_check_person_id"),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name="fk_profile_check_asked_by_id"),
        sa.ForeignKeyConstraint(["answered_by_id"], ["person.id"], name="fk_profile_check_answered_by_id"),
        sa.CheckConstraint(
            _one_of("why", "age", "bounce", "title", "employer", "detractor", "asked", "changed"), name=op.f("ck_profile_check_why_known")
        ),
        sa.CheckConstraint(_one_of("answer", "true", "changed", "left", "unsuitable"), name=op.f("ck_profile_check_answer_known")),
        sa.CheckConstraint("ended_at IS NOT NULL OR answer IS NULL", name=op.f("ck_profile_check_answer_ends")),
    )
    standing: dict[str, Any] = {"sqlite_where": OPEN, "postgresql_where": OPEN}
    op.create_index("uq_profile_check_open", "profile_check", ["person_id"], unique=True, **standing)
    op.create_index("ix_profile_check_person_id_id", "profile_check", ["person_id", "id"])
    op.create_index("ix_profile_check_waiting", "profile_check", ["asked_at", "id"], **standing)
    op.create_table(
        "profile_link",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("reader_id", BIG, nullable=False),
        sa.Column("check_id", BIG),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_profile_link"),
        sa.ForeignKeyConstraint(["person_id"], ["reference_profile.person_id"], name="fk_profile_link_person_id"),
        sa.ForeignKeyConstraint(["reader_id"], ["person.id"], name="fk_profile_link_reader_id"),
        sa.ForeignKeyConstraint(["check_id"], ["profile_check.id"], name="fk_profile_link_check_id"),
    )
    op.create_index("ix_profile_link_token_hash", "profile_link", ["token_hash"], unique=True)
    op.create_index("ix_profile_link_check_id", "profile_link", ["check_id"])
    op.create_index("ix_profile_link_person_id", "profile_link", ["person_id"])
    op.create_table(
        "profile_edit",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("field", sa.String(32), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "field", name="pk_profile_edit"),
        sa.ForeignKeyConstraint(["person_id"], ["reference_profile.person_id"], name="fk_profile_edit_person_id"),
    )


def _take_over() -> None:
    """Let every offer be a profile: active, verified when its person made it. How often is their goodwill, if nothing was said there."""
    db = op.get_bind()
    offers = db.execute(
        sa.text("""SELECT o.person_id, o.per_quarter, o.offered_at, COALESCE(d.tier, 2) AS tier, p.state AS state
        FROM reference_offer o JOIN person p ON p.id = o.person_id LEFT JOIN nomination_detail d ON d.nomination_id = o.nomination_id""").columns(
            offered_at=MOMENT
        )
    ).all()
    goodwill = sa.table(
        "person_goodwill",
        *(sa.column(name) for name in ("person_id", "most", "days", "unwanted", "months_off", "reason", "set_by_id")),
        sa.column("set_at", MOMENT),
    )
    columns = ("person_id", "status", "is_visible", "tier", "time_zone", "story", "results", "sensitivities", "status_reason", "retired_as")
    more = ("verified_by_id", "verify_why", "search", "edition", "made_by_id")
    profile = sa.table(
        "reference_profile",
        *(sa.column(name) for name in (*columns, *more)),
        *(sa.column(name, MOMENT) for name in ("verified_at", "made_at", "changed_at")),
        sa.column("verify_on", sa.Date()),
    )
    known = set(db.execute(sa.text("SELECT person_id FROM reference_profile")).scalars())
    for offer in offers:
        if offer.person_id in known:
            continue  # This migration was taken down before.
        at, is_gone = offer.offered_at, offer.state == "deactivated"
        empty = dict.fromkeys(("time_zone", "story", "results", "sensitivities", "status_reason", "verify_why", "search"), "")
        db.execute(
            profile.insert().values(
                person_id=offer.person_id, status="retired" if is_gone else "active", retired_as="left" if is_gone else None,
                is_visible=not is_gone, tier=offer.tier, **empty, verified_at=at, verified_by_id=offer.person_id,
                verify_on=_verify_on(at, offer.tier),
                edition=1, made_by_id=offer.person_id, made_at=at, changed_at=at,
            )
        )  # fmt: skip
        said = db.execute(sa.text("SELECT most, set_at FROM person_goodwill WHERE person_id = :id"), {"id": offer.person_id}).first()
        own = {"most": offer.per_quarter, "days": QUARTER, "set_at": at, "set_by_id": offer.person_id}
        if said is None:
            db.execute(goodwill.insert().values(person_id=offer.person_id, reason="", **own))
        elif said.set_at is None:
            db.execute(goodwill.update().where(goodwill.c.person_id == offer.person_id).values(**own))
    op.execute("DELETE FROM profile_activity WHERE person_id IN (SELECT person_id FROM reference_offer)")
    columns_ = "person_id, activity, is_never, consent_id"
    op.execute(f"INSERT INTO profile_activity ({columns_}) SELECT {columns_} FROM reference_offer_activity")


def _verify_on(at: datetime, tier: int) -> date:
    """Return the day in UTC; the programme's zone, which a migration does not know, counts from the next verification on."""
    day = at.astimezone(UTC).date() if at.tzinfo else at.date()
    return day + timedelta(days=DAYS_TIER_1 if tier == 1 else DAYS)


def _offers() -> None:
    op.create_table(
        "reference_offer",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("nomination_id", BIG, nullable=False),
        sa.Column("per_quarter", sa.Integer(), nullable=False),
        sa.Column("offered_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk_reference_offer"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_reference_offer_person_id"),
        sa.ForeignKeyConstraint(["nomination_id"], ["nomination.id"], name="fk_reference_offer_nomination_id"),
        sa.CheckConstraint("per_quarter > 0", name=op.f("ck_reference_offer_something")),
    )
    op.create_table(
        "reference_offer_activity",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("activity", sa.String(20), nullable=False),
        sa.Column("is_never", sa.Boolean(), nullable=False),
        sa.Column("consent_id", BIG),
        sa.PrimaryKeyConstraint("person_id", "activity", name="pk_reference_offer_activity"),
        sa.ForeignKeyConstraint(["person_id"], ["reference_offer.person_id"], name="fk_reference_offer_activity_person_id"),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name="fk_reference_offer_activity_consent_id"),
        sa.CheckConstraint(_one_of("activity", *ACTIVITIES), name=op.f("ck_reference_offer_activity_activity_known")),
        sa.CheckConstraint("is_never = (consent_id IS NULL)", name=op.f("ck_reference_offer_activity_consent_or_never")),
    )


def _give_back() -> None:
    op.execute("""INSERT INTO reference_offer (person_id, nomination_id, per_quarter, offered_at)
        SELECT p.person_id, n.id, CASE WHEN COALESCE(g.most, 1) < 1 THEN 1 ELSE COALESCE(g.most, 1) END, n.answered_at
        FROM reference_profile p JOIN nomination n ON n.id = (SELECT max(a.id) FROM nomination a WHERE a.person_id = p.person_id
            AND a.state = 'accepted' AND a.answered_at IS NOT NULL AND EXISTS
            (SELECT 1 FROM consent c WHERE c.source_type = 'nomination' AND c.source_id = a.id))
        LEFT JOIN person_goodwill g ON g.person_id = p.person_id""")
    op.execute("""INSERT INTO reference_offer_activity (person_id, activity, is_never, consent_id)
        SELECT a.person_id, a.activity, a.is_never, a.consent_id FROM profile_activity a JOIN reference_offer o ON o.person_id = a.person_id""")
