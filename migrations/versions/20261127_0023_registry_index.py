"""Registry: search by name, company and title in one index."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_person_registry", "person", ["is_advocate", "name_key", "id", "state", "company_id", "title"])
    op.drop_index("ix_person_is_advocate_name_key_id_state", "person")


def downgrade() -> None:
    op.create_index("ix_person_is_advocate_name_key_id_state", "person", ["is_advocate", "name_key", "id", "state"])
    op.drop_index("ix_person_registry", "person")
