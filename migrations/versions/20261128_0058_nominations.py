"""Nominations whole: what is added to them, drafts, comments, the customer's answer by link, the clock, rules, and what people offer.

What was accepted is invited, or the customer said yes where they have joined; what was declined is not approved.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
ACTIVITIES = "activity IN ('call', 'review', 'case_study', 'speaking', 'press', 'advisory_board', 'video', 'referral')"
OLD_STATES = ("submitted", "accepted", "declined", "duplicate")
STATES = ("submitted", "invited", "accepted", "customer_declined", "no_answer", "not_approved", "duplicate")
OLD_OPEN = sa.text("state = 'submitted' OR state = 'accepted'")
OPEN = sa.text("state IN ('submitted', 'invited', 'accepted')")
WAITS, ASKED, STANDING = sa.text("state = 'submitted'"), sa.text("state = 'invited'"), sa.text("ended_at IS NULL")
ITEMS = ("quote", "logo", "name", "photo", "case_study")
MOMENTS = ("review_began_at", "late_at", "asked_at", "reminded_at", "answered_at", "given_up_at")
CHECKS = {
    "reason_given": "state <> 'not_approved' OR reason <> ''",
    "answered": "(state IN ('accepted', 'customer_declined')) = (answered_at IS NOT NULL)",
    "given_up": "(state = 'no_answer') = (given_up_at IS NOT NULL)",
    "asked": "state <> 'invited' OR asked_at IS NOT NULL",
    "colleague_is_another": "colleague_id <> nominator_id",
}
NO, SILENCE = "The customer said no. ", "There was no answer."
PERSON = "FROM person WHERE person.id = nomination.person_id"


def upgrade() -> None:
    _rules()
    op.drop_index("uq_nomination_email_key_open", "nomination")
    with op.batch_alter_table("nomination") as batch:
        batch.drop_constraint(op.f("ck_nomination_state_known"), type_="check")
        batch.drop_constraint(op.f("ck_nomination_reason_given"), type_="check")
        batch.alter_column("state", type_=sa.String(20), existing_type=sa.String(12), existing_nullable=False)
        batch.add_column(sa.Column("colleague_id", BIG))
        batch.add_column(sa.Column("rule_id", BIG))
        batch.add_column(sa.Column("ask_again_on", sa.Date()))
        for name in MOMENTS:
            batch.add_column(sa.Column(name, MOMENT))
        for name in ("code", "answer_code"):
            batch.add_column(sa.Column(name, sa.String(20), nullable=False, server_default=""))
        batch.add_column(sa.Column("answer", sa.Text(), nullable=False, server_default=""))
    _forward()
    with op.batch_alter_table("nomination") as batch:
        for name in ("code", "answer_code", "answer"):
            batch.alter_column(name, server_default=None)
        batch.create_foreign_key("fk_nomination_colleague_id", "person", ["colleague_id"], ["id"])
        batch.create_foreign_key("fk_nomination_rule_id", "nomination_rule", ["rule_id"], ["id"])
        batch.create_check_constraint(op.f("ck_nomination_state_known"), _one_of("state", STATES))
        for name, said in CHECKS.items():
            batch.create_check_constraint(op.f(f"ck_nomination_{name}"), said)
    op.create_index("uq_nomination_email_key_open", "nomination", ["email_key"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_nomination_colleague_id_created_at_id", "nomination", ["colleague_id", "created_at", "id"])
    op.create_index("ix_nomination_late", "nomination", ["created_at", "late_at"], sqlite_where=WAITS, postgresql_where=WAITS)
    op.create_index("ix_nomination_asked", "nomination", ["asked_at", "id"], sqlite_where=ASKED, postgresql_where=ASKED)
    _consent_items((*ITEMS, "reference"))
    _beside()
    _joining()


def downgrade() -> None:
    """What the customer said no to, or never answered, was declined in the words of before; what was approved was accepted."""
    for table in (
        "reference_offer_activity",
        "reference_offer",
        "nomination_link",
        "nomination_comment",
        "nomination_draft",
        "nomination_detail",
        "nomination_terms",
    ):
        op.drop_table(table)
    # An agreement to be asked is none to anything that the older release knows.
    op.execute("DELETE FROM consent WHERE item = 'reference'")
    _consent_items(ITEMS)
    for name in ("uq_nomination_email_key_open", "ix_nomination_colleague_id_created_at_id", "ix_nomination_late", "ix_nomination_asked"):
        op.drop_index(name, "nomination")
    with op.batch_alter_table("nomination") as batch:
        batch.drop_constraint("fk_nomination_colleague_id", type_="foreignkey")
        batch.drop_constraint("fk_nomination_rule_id", type_="foreignkey")
        for name in ("state_known", *CHECKS):
            batch.drop_constraint(op.f(f"ck_nomination_{name}"), type_="check")
    op.execute(f"UPDATE nomination SET reason = '{NO}' || answer WHERE state = 'customer_declined'")
    op.execute(f"UPDATE nomination SET reason = '{SILENCE}' WHERE state = 'no_answer'")
    op.execute("UPDATE nomination SET state = 'declined' WHERE state IN ('customer_declined', 'no_answer', 'not_approved')")
    op.execute("UPDATE nomination SET state = 'accepted' WHERE state = 'invited'")
    with op.batch_alter_table("nomination") as batch:
        for name in ("colleague_id", "rule_id", "ask_again_on", *MOMENTS, "code", "answer_code", "answer"):
            batch.drop_column(name)
        batch.alter_column("state", type_=sa.String(12), existing_type=sa.String(20), existing_nullable=False)
        batch.create_check_constraint(op.f("ck_nomination_state_known"), _one_of("state", OLD_STATES))
        batch.create_check_constraint(op.f("ck_nomination_reason_given"), "state <> 'declined' OR reason <> ''")
    op.create_index("uq_nomination_email_key_open", "nomination", ["email_key"], unique=True, sqlite_where=OLD_OPEN, postgresql_where=OLD_OPEN)
    op.drop_table("nomination_rule")


def _forward() -> None:
    """Who has joined said yes; whose account was closed before they joined never answered; the others are still asked."""
    op.execute(f"UPDATE nomination SET answered_at = (SELECT joined_at {PERSON}) WHERE state = 'accepted'")
    op.execute(f"UPDATE nomination SET given_up_at = (SELECT deactivated_at {PERSON}) WHERE state = 'accepted' AND answered_at IS NULL")
    op.execute("UPDATE nomination SET asked_at = decided_at WHERE state = 'accepted'")
    op.execute("UPDATE nomination SET state = 'no_answer' WHERE state = 'accepted' AND given_up_at IS NOT NULL")
    op.execute("UPDATE nomination SET state = 'invited' WHERE state = 'accepted' AND answered_at IS NULL")
    # What this migration wrote when it was taken down before.
    said = f"state = 'declined' AND reason LIKE '{NO}%%'"
    op.execute(f"UPDATE nomination SET answered_at = decided_at, answer = substr(reason, {len(NO) + 1}), answer_code = 'other' WHERE {said}")
    op.execute(f"UPDATE nomination SET state = 'customer_declined', reason = '' WHERE {said}")
    op.execute(f"UPDATE nomination SET state = 'no_answer', given_up_at = decided_at, reason = '' WHERE state = 'declined' AND reason = '{SILENCE}'")
    op.execute("UPDATE nomination SET state = 'not_approved', code = 'other' WHERE state = 'declined'")


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def _consent_items(items: tuple[str, ...]) -> None:
    op.drop_index("uq_consent_standing", "consent")
    with op.batch_alter_table("consent") as batch:
        batch.drop_constraint(op.f("ck_consent_item_known"), type_="check")
        batch.create_check_constraint(op.f("ck_consent_item_known"), _one_of("item", items))
    standing = {"unique": True, "sqlite_where": STANDING, "postgresql_where": STANDING}
    op.create_index("uq_consent_standing", "consent", ["source_type", "source_id", "part"], **standing)


def _rules() -> None:
    op.create_table(
        "nomination_rule",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("least_agreed", sa.Integer(), nullable=False),
        sa.Column("needs_company", sa.Boolean(), nullable=False),
        sa.Column("tiers", JSON, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by_id", BIG, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_by_id", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_nomination_rule"),
        *(sa.ForeignKeyConstraint([name], ["person.id"], name=f"fk_nomination_rule_{name}") for name in ("made_by_id", "ended_by_id")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_nomination_rule_has_name")),
        sa.CheckConstraint("least_agreed >= 0", name=op.f("ck_nomination_rule_least_not_negative")),
    )
    days = ("late_days", "remind_days", "silent_days", "later_days", "approved", "agreed")
    op.create_table(
        "nomination_terms",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in days),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by_id", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_nomination_terms"),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name="fk_nomination_terms_changed_by_id"),
        sa.CheckConstraint("id = 1", name=op.f("ck_nomination_terms_one_row")),
        sa.CheckConstraint(
            "late_days > 0 AND remind_days > 0 AND silent_days > remind_days AND later_days > 0", name=op.f("ck_nomination_terms_days_in_order")
        ),
        sa.CheckConstraint("approved >= 0 AND agreed >= 0", name=op.f("ck_nomination_terms_credit_not_negative")),
    )


def _beside() -> None:
    op.create_table(
        "nomination_detail",
        sa.Column("nomination_id", BIG, autoincrement=False, nullable=False),
        sa.Column("products", sa.String(200), nullable=False),
        sa.Column("industry", sa.String(120), nullable=False),
        sa.Column("region", sa.String(120), nullable=False),
        sa.Column("size", sa.String(40), nullable=False),
        sa.Column("owner_id", BIG),
        sa.Column("languages", sa.String(200), nullable=False),
        sa.Column("tier", sa.Integer()),
        sa.Column("usage_count", sa.Integer()),
        sa.Column("usage_days", sa.Integer()),
        sa.Column("sensitivities", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("evidence_url", sa.String(500), nullable=False),
        sa.Column("evidence_id", BIG),
        sa.PrimaryKeyConstraint("nomination_id", name="pk_nomination_detail"),
        sa.ForeignKeyConstraint(["nomination_id"], ["nomination.id"], name="fk_nomination_detail_nomination_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name="fk_nomination_detail_owner_id"),
        sa.ForeignKeyConstraint(["evidence_id"], ["stored_file.id"], name="fk_nomination_detail_evidence_id"),
        sa.CheckConstraint("tier IN (1, 2, 3)", name=op.f("ck_nomination_detail_tier_known")),
        sa.CheckConstraint("(usage_count IS NULL) = (usage_days IS NULL)", name=op.f("ck_nomination_detail_usage_whole")),
        sa.CheckConstraint("usage_count > 0 AND usage_days > 0", name=op.f("ck_nomination_detail_usage_positive")),
    )
    op.create_index("ix_nomination_detail_evidence_id", "nomination_detail", ["evidence_id"])
    op.create_table(
        "nomination_draft",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_nomination_draft"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_nomination_draft_person_id"),
        sa.UniqueConstraint("person_id", "key", name="uq_nomination_draft_person_id_key"),
    )
    op.create_index("ix_nomination_draft_person_id_saved_at_id", "nomination_draft", ["person_id", "saved_at", "id"])
    op.create_table(
        "nomination_comment",
        sa.Column("id", BIG, nullable=False),
        sa.Column("nomination_id", BIG, nullable=False),
        sa.Column("author_id", BIG, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_nomination_comment"),
        sa.ForeignKeyConstraint(["nomination_id"], ["nomination.id"], name="fk_nomination_comment_nomination_id"),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name="fk_nomination_comment_author_id"),
        sa.UniqueConstraint("author_id", "key", name="uq_nomination_comment_author_id_key"),
    )
    op.create_index("ix_nomination_comment_nomination_id_id", "nomination_comment", ["nomination_id", "id"])


def _joining() -> None:
    op.create_table(
        "nomination_link",
        sa.Column("id", BIG, nullable=False),
        sa.Column("nomination_id", BIG, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_nomination_link"),
        sa.ForeignKeyConstraint(["nomination_id"], ["nomination.id"], name="fk_nomination_link_nomination_id"),
    )
    op.create_index("ix_nomination_link_token_hash", "nomination_link", ["token_hash"], unique=True)
    op.create_index("ix_nomination_link_nomination_id", "nomination_link", ["nomination_id"])
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
        sa.CheckConstraint(ACTIVITIES, name=op.f("ck_reference_offer_activity_activity_known")),
        sa.CheckConstraint("is_never = (consent_id IS NULL)", name=op.f("ck_reference_offer_activity_consent_or_never")),
    )
