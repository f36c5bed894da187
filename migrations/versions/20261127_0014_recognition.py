"""Boards of tracks and seasons, levels, badges, weeks of acts; who stands on no board, or under a nickname."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

LEVELS = (("Friend", 0), ("Supporter", 200), ("Advocate", 600), ("Champion", 1_500), ("Ambassador", 3_500), ("Luminary", 7_500), ("Laureate", 15_000))
ARTS = (
    "'sprout', 'leaf', 'tree', 'laurel', 'quill', 'megaphone', 'microphone', 'handshake', 'bridge', 'lantern', 'compass', 'mountain', "
    "'flame', 'sun', 'star', 'heart', 'key', 'book', 'camera', 'rocket', 'trio', 'crown', 'anchor', 'flag'"
)


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    op.add_column("person", sa.Column("board_name", sa.String(40)))
    op.add_column("person", sa.Column("left_board_at", moment))
    _key_length(8, 24)
    level = op.create_table(
        "level",
        sa.Column("id", big, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("threshold >= 0", name=op.f("ck_level_threshold_not_negative")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_level_has_name")),
        sa.PrimaryKeyConstraint("id", name="pk_level"),
    )
    op.bulk_insert(level, [{"name": name, "threshold": threshold} for name, threshold in LEVELS])
    op.create_table(
        "celebration",
        sa.Column("id", big, nullable=False),
        sa.Column("person_id", big, nullable=False),
        sa.Column("cause", sa.String(8), nullable=False),
        sa.Column("subject_id", big, nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("closed_at", moment),
        sa.CheckConstraint("cause IN ('level', 'badge', 'season')", name=op.f("ck_celebration_cause_known")),
        sa.PrimaryKeyConstraint("id", name="pk_celebration"),
        sa.UniqueConstraint("person_id", "cause", "subject_id", name="uq_celebration_person_id_cause_subject_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_celebration_person_id"),
    )
    is_open = sa.text("closed_at IS NULL")
    op.create_index("ix_celebration_open", "celebration", ["person_id"], sqlite_where=is_open, postgresql_where=is_open)
    _badges(big, moment)
    op.create_table(
        "act_week",
        sa.Column("act_id", big, nullable=False, autoincrement=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("act_id", name="pk_act_week"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_act_week_act_id"),
    )
    _seasons(big, moment)
    _count_what_was_earned_before()


def _badges(big: sa.types.TypeEngine, moment: sa.DateTime) -> None:
    op.create_table(
        "badge",
        sa.Column("id", big, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("how", sa.String(200), nullable=False),
        sa.Column("art", sa.String(16), nullable=False),
        sa.Column("tone", sa.String(8), nullable=False),
        sa.Column("rule", sa.String(16), nullable=False),
        sa.Column("options", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("starter", sa.String(24)),
        sa.Column("made_by", sa.String(64)),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("live_at", moment),
        sa.Column("retired_at", moment),
        sa.CheckConstraint("state IN ('draft', 'live', 'retired')", name=op.f("ck_badge_state_known")),
        sa.CheckConstraint(f"art IN ({ARTS})", name=op.f("ck_badge_art_known")),
        sa.CheckConstraint("tone IN ('laurel', 'amber', 'engage', 'endorse', 'earn')", name=op.f("ck_badge_tone_known")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_badge_has_name")),
        sa.CheckConstraint("(state = 'draft') = (live_at IS NULL)", name=op.f("ck_badge_live_has_time")),
        sa.CheckConstraint("(state = 'retired') = (retired_at IS NOT NULL)", name=op.f("ck_badge_retired_has_time")),
        sa.PrimaryKeyConstraint("id", name="pk_badge"),
        sa.UniqueConstraint("name", name="uq_badge_name"),
        sa.UniqueConstraint("starter", name="uq_badge_starter"),
        sa.UniqueConstraint("made_by", name="uq_badge_made_by"),
    )
    op.create_index("ix_badge_state_id", "badge", ["state", "id"])
    op.create_table(
        "badge_holding",
        sa.Column("id", big, nullable=False),
        sa.Column("badge_id", big, nullable=False),
        sa.Column("person_id", big, nullable=False),
        sa.Column("way", sa.String(8), nullable=False),
        sa.Column("awarded_at", moment, nullable=False),
        sa.Column("recorded_at", moment, nullable=False),
        sa.Column("given_by_id", big),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("revoked_at", moment),
        sa.Column("revoked_by_id", big),
        sa.Column("revoked_reason", sa.String(500), nullable=False),
        sa.Column("is_barred", sa.Boolean(), nullable=False),
        sa.CheckConstraint("way IN ('rule', 'backfill', 'hand')", name=op.f("ck_badge_holding_way_known")),
        sa.CheckConstraint("NOT is_barred OR revoked_at IS NOT NULL", name=op.f("ck_badge_holding_barred_is_revoked")),
        sa.PrimaryKeyConstraint("id", name="pk_badge_holding"),
        sa.ForeignKeyConstraint(["badge_id"], ["badge.id"], name="fk_badge_holding_badge_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_badge_holding_person_id"),
        sa.ForeignKeyConstraint(["given_by_id"], ["person.id"], name="fk_badge_holding_given_by_id"),
        sa.ForeignKeyConstraint(["revoked_by_id"], ["person.id"], name="fk_badge_holding_revoked_by_id"),
    )
    held = sa.text("revoked_at IS NULL")
    op.create_index("uq_badge_holding_live", "badge_holding", ["badge_id", "person_id"], unique=True, sqlite_where=held, postgresql_where=held)
    op.create_index("ix_badge_holding_person_id", "badge_holding", ["person_id"])
    op.create_index("ix_badge_holding_badge_id_awarded_at_id", "badge_holding", ["badge_id", "awarded_at", "id"])


def _seasons(big: sa.types.TypeEngine, moment: sa.DateTime) -> None:
    op.create_table(
        "season",
        sa.Column("id", big, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.String(64)),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("closed_at", moment),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_season_runs_forward")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_season_has_name")),
        sa.PrimaryKeyConstraint("id", name="pk_season"),
        sa.UniqueConstraint("made_by", name="uq_season_made_by"),
    )
    op.create_index("ix_season_starts_on", "season", ["starts_on"])
    is_open = sa.text("closed_at IS NULL")
    op.create_index("ix_season_open", "season", ["ends_on"], sqlite_where=is_open, postgresql_where=is_open)
    op.create_table(
        "season_standing",
        sa.Column("season_id", big, nullable=False, autoincrement=False),
        sa.Column("person_id", big, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("season_id", "person_id", name="pk_season_standing"),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name="fk_season_standing_season_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_season_standing_person_id"),
    )
    op.create_index("ix_season_standing_season_id_position", "season_standing", ["season_id", "position"])
    op.create_index("ix_season_standing_person_id", "season_standing", ["person_id"])


def _count_what_was_earned_before() -> None:
    """Promise the job that fills the boards of tracks from the acts there are; the worker does it, in the programme's zone."""
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT 1 FROM act LIMIT 1")).first() is None:
        return
    outbox = sa.table(
        "outbox_job",
        *(sa.column(name) for name in ("topic", "key", "tries")),
        sa.column("payload", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("available_at", sa.DateTime(timezone=True)),
    )
    now = datetime.now(UTC)
    facts = {"topic": "recognition.recount", "payload": {"boards": "tracks"}, "key": "recognition.recount:0030", "tries": 0}
    connection.execute(outbox.insert().values(**facts, created_at=now, available_at=now))


def downgrade() -> None:
    connection = op.get_bind()
    connection.execute(sa.text("DELETE FROM outbox_job WHERE key = 'recognition.recount:0030'"))
    for name in ("season_standing", "season", "act_week", "badge_holding", "badge", "celebration", "level"):
        op.drop_table(name)
    for name in ("period_score", "fence", "fence_build"):
        connection.execute(sa.text(f"DELETE FROM {name} WHERE period LIKE '%/%' OR period LIKE 's%'"))
    _key_length(24, 8)
    for name in ("left_board_at", "board_name"):
        op.drop_column("person", name)


def _key_length(before: int, after: int) -> None:
    """Let the keys of boards be ``after`` characters long. SQLite copies the tables, and their partial index with them."""
    condition = sa.text("is_shown")
    columns = ["period", "score", "first_neg", "member_id", "is_shown"]
    op.drop_index("ix_period_score_board", "period_score")
    for name in ("period_score", "fence", "fence_build"):
        with op.batch_alter_table(name) as table:
            table.alter_column("period", existing_type=sa.String(before), type_=sa.String(after), existing_nullable=False)
    op.create_index("ix_period_score_board", "period_score", columns, sqlite_where=condition, postgresql_where=condition)
