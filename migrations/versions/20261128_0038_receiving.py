"""Who may receive what, values of a calendar year, tax forms; what the rule approves by itself, and what waits for it."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
STANCES = "stance IN ('unknown', 'may', 'charity', 'nothing')"
STANDS = sa.text("ended_at IS NULL")


def upgrade() -> None:
    for of in ("person", "company"):
        op.create_table(
            f"{of}_accepts",
            sa.Column("stance", sa.String(8), nullable=False),
            sa.Column("item_cents", sa.Integer()),
            sa.Column("year_cents", sa.Integer()),
            sa.Column("reason", sa.String(500), nullable=False),
            sa.Column("set_at", MOMENT, nullable=False),
            sa.Column(f"{of}_id", BIG, autoincrement=False, nullable=False),
            sa.Column("set_by_id", BIG),
            *([sa.Column("country", sa.String(2), nullable=False)] if of == "person" else []),
            sa.PrimaryKeyConstraint(f"{of}_id", name=f"pk_{of}_accepts"),
            sa.ForeignKeyConstraint([f"{of}_id"], [f"{of}.id"], name=f"fk_{of}_accepts_{of}_id"),
            sa.ForeignKeyConstraint(["set_by_id"], ["person.id"], name=f"fk_{of}_accepts_set_by_id"),
            sa.CheckConstraint(STANCES, name=op.f(f"ck_{of}_accepts_stance_known")),
            sa.CheckConstraint("item_cents > 0 AND year_cents > 0", name=op.f(f"ck_{of}_accepts_caps_positive")),
        )
    _values()
    _forms()
    _by_rule()
    op.create_index("ix_sign_in_session_origin", "sign_in_session", ["origin"])
    with op.batch_alter_table("reward", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("value_cents", sa.Integer()))
        batch.create_check_constraint(op.f("ck_reward_value_not_negative"), "value_cents >= 0")


def _values() -> None:
    op.create_table(
        "received_value",
        sa.Column("id", BIG, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("taken_back_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_received_value"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_received_value_person_id"),
        sa.UniqueConstraint("source", name="uq_received_value_source"),
        sa.CheckConstraint("cents >= 0", name=op.f("ck_received_value_not_negative")),
    )
    op.create_index("ix_received_value_person_id_year", "received_value", ["person_id", "year"])
    op.create_table(
        "received_year",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "year", name="pk_received_year"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_received_year_person_id"),
        sa.CheckConstraint("cents >= 0", name=op.f("ck_received_year_not_negative")),
    )
    op.create_index("ix_received_year_year_cents", "received_year", ["year", "cents"])


def _forms() -> None:
    op.create_table(
        "tax_form",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("on_file_on", sa.Date(), nullable=False),
        sa.Column("noted_by_id", BIG),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.Column("ended_by_id", BIG),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_tax_form"),
        *(sa.ForeignKeyConstraint([name], ["person.id"], name=f"fk_tax_form_{name}") for name in ("person_id", "noted_by_id", "ended_by_id")),
        sa.CheckConstraint("kind IN ('w9', 'w8ben', 'other')", name=op.f("ck_tax_form_kind_known")),
        sa.CheckConstraint("(ended_at IS NULL) OR (ended_at >= noted_at)", name=op.f("ck_tax_form_ends_later")),
    )
    op.create_index("uq_tax_form_standing", "tax_form", ["person_id"], unique=True, sqlite_where=STANDS, postgresql_where=STANDS)


def _by_rule() -> None:
    op.create_table(
        "redemption_terms",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("most_cents", sa.Integer()),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by_id", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_redemption_terms"),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name="fk_redemption_terms_changed_by_id"),
        sa.CheckConstraint("id = 1", name=op.f("ck_redemption_terms_one_row")),
        sa.CheckConstraint("most_cents > 0 AND received > 0", name=op.f("ck_redemption_terms_positive")),
    )
    op.create_table(
        "redemption_pause",
        sa.Column("redemption_id", BIG, autoincrement=False, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("redemption_id", name="pk_redemption_pause"),
        sa.ForeignKeyConstraint(["redemption_id"], ["redemption.id"], name="fk_redemption_pause_redemption_id"),
    )
    op.create_index("ix_redemption_pause_until", "redemption_pause", ["until"])


def downgrade() -> None:
    op.drop_index("ix_sign_in_session_origin", "sign_in_session")
    with op.batch_alter_table("reward", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_constraint(op.f("ck_reward_value_not_negative"), type_="check")
        batch.drop_column("value_cents")
    for table in ("redemption_pause", "redemption_terms", "tax_form", "received_year", "received_value", "company_accepts", "person_accepts"):
        op.drop_table(table)
