"""A legal hold of a reference profile has a block of goodwill of its own, which goes with it alone."""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

STANDS = sa.text("lifted_at IS NULL")
ONCE = {"unique": True, "sqlite_where": STANDS, "postgresql_where": STANDS}
WHY = "Came with the legal hold of the reference profile."


def upgrade() -> None:
    op.drop_index("uq_ask_block_person", table_name="ask_block")
    with op.batch_alter_table("ask_block") as batch:
        batch.add_column(sa.Column("comes_with_profile", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.create_check_constraint(
            op.f("ck_ask_block_profile_holds_a_person"), "NOT comes_with_profile OR (person_id IS NOT NULL AND kind = 'legal')"
        )
    with op.batch_alter_table("ask_block") as batch:
        batch.alter_column("comes_with_profile", server_default=None)
    op.create_index("uq_ask_block_person", "ask_block", ["person_id", "kind", "comes_with_profile"], **ONCE)
    # What the hold of a profile set had its reason; where somebody lifted it since, the hold has none any more.
    op.execute(
        "UPDATE ask_block SET comes_with_profile = true WHERE lifted_at IS NULL AND kind = 'legal' AND EXISTS (SELECT 1 FROM reference_profile"
        " WHERE reference_profile.person_id = ask_block.person_id AND status = 'legal_hold' AND status_reason = ask_block.reason)"
    )
    missing = (
        "INSERT INTO ask_block (person_id, kind, reason, set_at, comes_with_profile, lifted_reason)"
        " SELECT person_id, 'legal', CASE WHEN status_reason = '' THEN :why ELSE status_reason END, changed_at, true, '' FROM reference_profile"
        " WHERE status = 'legal_hold' AND NOT EXISTS (SELECT 1 FROM ask_block WHERE ask_block.person_id = reference_profile.person_id"
        " AND comes_with_profile AND lifted_at IS NULL)"
    )
    op.execute(sa.text(missing).bindparams(why=WHY))


def downgrade() -> None:
    # One block stands for one reason at most: of two legal holds of a person that of the profile goes, which the profile still tells of.
    op.execute(
        "UPDATE ask_block SET lifted_at = set_at, lifted_reason = 'Another legal hold stands.' WHERE comes_with_profile AND lifted_at IS NULL"
        " AND EXISTS (SELECT 1 FROM ask_block AS other WHERE other.person_id = ask_block.person_id AND other.kind = 'legal'"
        " AND NOT other.comes_with_profile AND other.lifted_at IS NULL)"
    )
    op.drop_index("uq_ask_block_person", table_name="ask_block")
    with op.batch_alter_table("ask_block") as batch:
        batch.drop_constraint(op.f("ck_ask_block_profile_holds_a_person"), type_="check")
        batch.drop_column("comes_with_profile")
    op.create_index("uq_ask_block_person", "ask_block", ["person_id", "kind"], **ONCE)
