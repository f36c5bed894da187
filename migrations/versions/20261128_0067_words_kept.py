"""PostgreSQL keeps the words of a search taken apart."""

from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

PARSED = "to_tsvector('simple', finding_fold(names || ' ' || words))"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("DROP INDEX ix_finding_row_words")
    op.execute(f"ALTER TABLE finding_row ADD COLUMN vector tsvector GENERATED ALWAYS AS ({PARSED}) STORED")
    op.execute("CREATE INDEX ix_finding_row_words ON finding_row USING gin (vector)")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("ALTER TABLE finding_row DROP COLUMN vector")
    op.execute(f"CREATE INDEX ix_finding_row_words ON finding_row USING gin ({PARSED})")
