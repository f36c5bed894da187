"""Tags with which admins mark people, and what members like to do or never want to be asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "tag",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("name_key", sa.String(80), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tag"),
        sa.UniqueConstraint("name_key", name="uq_tag_name_key"),
        sa.CheckConstraint("name <> ''", name=op.f("ck_tag_has_name")),
    )
    op.create_table(
        "person_tag",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("tag_id", BIG, autoincrement=False, nullable=False),
        sa.Column("tagged_by_id", BIG),
        sa.Column("tagged_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "tag_id", name="pk_person_tag"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_person_tag_person_id"),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name="fk_person_tag_tag_id"),
        sa.ForeignKeyConstraint(["tagged_by_id"], ["person.id"], name="fk_person_tag_tagged_by_id"),
    )
    op.create_index("ix_person_tag_tag_id_person_id", "person_tag", ["tag_id", "person_id"])
    op.create_table(
        "person_interest",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("wish", sa.String(8), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "kind", name="pk_person_interest"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_person_interest_person_id"),
        sa.CheckConstraint("kind IN ('calls', 'writing', 'speaking', 'testing', 'social', 'events')", name=op.f("ck_person_interest_kind_known")),
        sa.CheckConstraint("wish IN ('likes', 'never')", name=op.f("ck_person_interest_wish_known")),
    )
    op.create_index("ix_person_interest_kind_wish_person_id", "person_interest", ["kind", "wish", "person_id"])


def downgrade() -> None:
    op.drop_table("person_interest")
    op.drop_table("person_tag")
    op.drop_table("tag")
