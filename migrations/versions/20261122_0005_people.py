"""People, companies, roles and sign-in."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _companies()
    _persons()
    _identities()
    _sessions_and_links()


def _companies() -> None:
    op.create_table(
        "company",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("name_key", sa.String(320), nullable=False),
        sa.Column("industry", sa.String(120), nullable=False),
        sa.Column("size", sa.String(40), nullable=False),
        sa.Column("region", sa.String(120), nullable=False),
        sa.Column("country", sa.String(120), nullable=False),
        sa.Column("domain", sa.String(253), nullable=False),
        sa.Column("owner_id", BIG),
        sa.Column("made_by", sa.String(64)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_company_has_name")),
        # A company has an owner and a person a company; PostgreSQL gets this key once both tables are there.
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name="fk_company_owner_id", use_alter=True),
        sa.PrimaryKeyConstraint("id", name="pk_company"),
        sa.UniqueConstraint("made_by", name="uq_company_made_by"),
    )
    op.create_index("ix_company_name_key_id", "company", ["name_key", "id"])
    op.create_index("ix_company_owner_id", "company", ["owner_id"])


def _persons() -> None:
    op.create_table(
        "person",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("name_key", sa.String(240), nullable=False),
        sa.Column("email", sa.String(254)),
        sa.Column("email_key", sa.String(254)),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("company_id", BIG),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("is_advocate", sa.Boolean(), nullable=False),
        sa.Column("is_employee", sa.Boolean(), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(12)),
        sa.Column("time_zone", sa.String(64)),
        sa.Column("password_hash", sa.String(255)),
        sa.Column("password_changed_at", MOMENT),
        sa.Column("made_by", sa.String(64)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("invited_at", MOMENT),
        sa.Column("joined_at", MOMENT),
        sa.Column("deactivated_at", MOMENT),
        sa.Column("deactivation_reason", sa.String(500)),
        sa.CheckConstraint("state IN ('contact', 'invited', 'active', 'deactivated')", name=op.f("ck_person_state_known")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_person_has_name")),
        sa.CheckConstraint("(email IS NULL) = (email_key IS NULL)", name=op.f("ck_person_email_has_key")),
        sa.CheckConstraint("is_advocate OR is_employee OR is_admin", name=op.f("ck_person_has_role")),
        sa.CheckConstraint(
            "state <> 'active' OR (email_key IS NOT NULL AND password_hash IS NOT NULL AND joined_at IS NOT NULL)",
            name=op.f("ck_person_active_can_sign_in"),
        ),
        sa.CheckConstraint("(state = 'deactivated') = (deactivated_at IS NOT NULL)", name=op.f("ck_person_deactivated_has_time")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_person_company_id"),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("email_key", name="uq_person_email_key"),
        sa.UniqueConstraint("made_by", name="uq_person_made_by"),
    )
    op.create_index("ix_person_name_key_id", "person", ["name_key", "id"])
    op.create_index("ix_person_company_id", "person", ["company_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_foreign_key("fk_company_owner_id", "company", "person", ["owner_id"], ["id"])


def _identities() -> None:
    op.create_table(
        "person_identity",
        sa.Column("id", BIG, nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_person_identity_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_person_identity"),
        sa.UniqueConstraint("source", "external_id", name="uq_person_identity_source_external_id"),
    )
    op.create_index("ix_person_identity_person_id", "person_identity", ["person_id"])


def _sessions_and_links() -> None:
    op.create_table(
        "sign_in_session",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("is_kept", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(64), nullable=False),
        sa.Column("browser", sa.String(200), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_sign_in_session_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_session"),
        sa.UniqueConstraint("token_hash", name="uq_sign_in_session_token_hash"),
    )
    op.create_index("ix_sign_in_session_person_id", "sign_in_session", ["person_id"])
    op.create_index("ix_sign_in_session_expires_at", "sign_in_session", ["expires_at"])
    op.create_table(
        "one_time_link",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("purpose", sa.String(12), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("new_email", sa.String(254)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.CheckConstraint("purpose IN ('invite', 'reset', 'email')", name=op.f("ck_one_time_link_purpose_known")),
        sa.CheckConstraint("(purpose = 'email') = (new_email IS NOT NULL)", name=op.f("ck_one_time_link_new_email_for_email")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_one_time_link_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_one_time_link"),
        sa.UniqueConstraint("token_hash", name="uq_one_time_link_token_hash"),
    )
    op.create_index("ix_one_time_link_person_id_purpose", "one_time_link", ["person_id", "purpose"])
    op.create_table(
        "throttle",
        sa.Column("id", BIG, nullable=False),
        sa.Column("scope", sa.String(24), nullable=False),
        sa.Column("subject_hash", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("window_ends_at", MOMENT, nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_throttle_tries_not_negative")),
        sa.PrimaryKeyConstraint("id", name="pk_throttle"),
        sa.UniqueConstraint("scope", "subject_hash", name="uq_throttle_scope_subject_hash"),
    )
    op.create_index("ix_throttle_window_ends_at", "throttle", ["window_ends_at"])


def downgrade() -> None:
    for table in ("throttle", "one_time_link", "sign_in_session", "person_identity"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_company_owner_id", "company", type_="foreignkey")
    # Companies and people point at each other: let go of one side first.
    op.execute("UPDATE company SET owner_id = NULL")
    op.drop_table("person")
    op.drop_table("company")
