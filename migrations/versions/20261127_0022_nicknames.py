"""A nickname belongs to one person, however it is spelled."""

import unicodedata
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

PERSON = sa.table(
    "person",
    sa.column("id", sa.BigInteger),
    sa.column("board_name", sa.String),
    sa.column("board_name_key", sa.String),
    sa.column("left_board_at", sa.DateTime(timezone=True)),
)
SCORE = sa.table("period_score", sa.column("member_id", sa.BigInteger), sa.column("is_shown", sa.Boolean))
BATCH = 500


def upgrade() -> None:
    """Who had a nickname first keeps it. The others stand on no board until they choose anew: their names must not come out by this."""
    op.add_column("person", sa.Column("board_name_key", sa.String(320)))
    connection = op.get_bind()
    taken, second = set(), []
    for person_id, name in connection.execute(
        sa.select(PERSON.c.id, PERSON.c.board_name).where(PERSON.c.board_name.is_not(None)).order_by(PERSON.c.id)
    ).all():
        key = _fold(name)
        if key in taken:
            second.append(person_id)
        else:
            taken.add(key)
            connection.execute(sa.update(PERSON).where(PERSON.c.id == person_id).values(board_name_key=key))
    now = datetime.now(UTC)
    if connection.dialect.name == "sqlite":
        now = now.replace(tzinfo=None)
    for start in range(0, len(second), BATCH):
        some = second[start : start + BATCH]
        left_at = sa.func.coalesce(PERSON.c.left_board_at, sa.bindparam("now", now, PERSON.c.left_board_at.type))
        connection.execute(sa.update(PERSON).where(PERSON.c.id.in_(some)).values(board_name=None, left_board_at=left_at))
        connection.execute(sa.update(SCORE).where(SCORE.c.member_id.in_(some)).values(is_shown=False))
    op.create_index("ix_person_board_name_key", "person", ["board_name_key"], unique=True)


def _fold(text: str) -> str:
    """Without accents and case, as nicknames are compared."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def downgrade() -> None:
    op.drop_index("ix_person_board_name_key", "person")
    op.drop_column("person", "board_name_key")
