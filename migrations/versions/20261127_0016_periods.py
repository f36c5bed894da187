"""When the period of a submission is over, places of challenges for the first so many, and what has to be done first."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
FROZEN = "OLD.published_at IS NOT NULL"


def upgrade() -> None:
    """What was begun in a period gets the moment at which that period is over where it was begun."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("challenge") as batch:
        batch.add_column(sa.Column("total_limit", sa.Integer()))
        batch.add_column(sa.Column("taken", sa.Integer(), nullable=False, server_default="0"))
        batch.create_check_constraint(op.f("ck_challenge_total_limit_positive"), "total_limit > 0")
        batch.create_check_constraint(op.f("ck_challenge_taken_not_negative"), "taken >= 0")
    with op.batch_alter_table("challenge") as batch:
        batch.alter_column("taken", server_default=None)
    _thaw(sqlite=sqlite)
    with op.batch_alter_table("challenge_version") as batch:
        batch.add_column(sa.Column("total_limit", sa.Integer()))
        batch.create_check_constraint(op.f("ck_challenge_version_total_limit_positive"), "total_limit > 0")
    _freeze(sqlite=sqlite)
    with op.batch_alter_table("submission") as batch:
        batch.add_column(sa.Column("period_ends_at", MOMENT))
        batch.add_column(sa.Column("has_place", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("submission") as batch:
        batch.alter_column("has_place", server_default=None)
    op.create_table(
        "challenge_prerequisite",
        sa.Column("challenge_id", BIG, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("requires_id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("challenge_id", "version", "requires_id", name="pk_challenge_prerequisite"),
        sa.ForeignKeyConstraint(
            ["challenge_id", "version"],
            ["challenge_version.challenge_id", "challenge_version.number"],
            name="fk_challenge_prerequisite_challenge_id_version",
        ),
        sa.ForeignKeyConstraint(["requires_id"], ["challenge.id"], name="fk_challenge_prerequisite_requires_id"),
        sa.CheckConstraint("requires_id <> challenge_id", name=op.f("ck_challenge_prerequisite_of_another")),
    )
    _fill_ends()


def _thaw(*, sqlite: bool) -> None:
    for event in ("update", "delete"):
        op.execute(f"DROP TRIGGER challenge_version_no_{event}" + ("" if sqlite else " ON challenge_version"))
    if sqlite:  # triggers of another table that name this one stop its renaming
        for event in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER stage_no_{event}")


def _freeze(*, sqlite: bool) -> None:
    of_row = "SELECT 1 FROM challenge_version WHERE challenge_id = {row}.challenge_id AND number = {row}.version AND published_at IS NOT NULL"
    for event in ("update", "delete"):
        head = f"CREATE TRIGGER challenge_version_no_{event} BEFORE {event.upper()} ON challenge_version"
        if sqlite:
            op.execute(f"{head} WHEN {FROZEN} BEGIN SELECT RAISE(ABORT, 'challenge_version is frozen'); END")
        else:
            op.execute(f"{head} FOR EACH ROW WHEN ({FROZEN}) EXECUTE FUNCTION refuse_change()")
    for event, row in (("insert", "NEW"), ("update", "OLD"), ("delete", "OLD")) if sqlite else ():
        head = f"CREATE TRIGGER stage_no_{event} BEFORE {event.upper()} ON stage"
        op.execute(f"{head} WHEN EXISTS ({of_row.format(row=row)}) BEGIN SELECT RAISE(ABORT, 'stage is frozen'); END")


def _fill_ends() -> None:
    """One statement for each period and zone there is, however many submissions it has."""
    connection = op.get_bind()
    table = sa.table("submission", sa.column("period_key", sa.String), sa.column("zone", sa.String), sa.column("period_ends_at", MOMENT))
    pairs = connection.execute(sa.select(table.c.period_key, table.c.zone).where(table.c.period_key != "once").distinct()).all()
    for key, zone in pairs:
        ends_at = _end_of(key, zone)
        if connection.dialect.name == "sqlite":
            ends_at = ends_at.replace(tzinfo=None)
        connection.execute(sa.update(table).where(table.c.period_key == key, table.c.zone == zone).values(period_ends_at=ends_at))


def _end_of(key: str, zone: str) -> datetime:
    """Return the first moment after the day ``2026-11-21``, week ``2026-W47`` or month ``2026-11``."""
    if "W" in key:
        day = date.fromisocalendar(int(key[:4]), int(key[6:]), 1) + timedelta(days=7)
    elif len(key) == 10:
        day = date.fromisoformat(key) + timedelta(days=1)
    else:
        day = (date.fromisoformat(f"{key}-01") + timedelta(days=32)).replace(day=1)
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.drop_table("challenge_prerequisite")
    with op.batch_alter_table("submission") as batch:
        batch.drop_column("period_ends_at")
        batch.drop_column("has_place")
    _thaw(sqlite=sqlite)
    with op.batch_alter_table("challenge_version") as batch:
        batch.drop_constraint(op.f("ck_challenge_version_total_limit_positive"), type_="check")
        batch.drop_column("total_limit")
    _freeze(sqlite=sqlite)
    with op.batch_alter_table("challenge") as batch:
        batch.drop_constraint(op.f("ck_challenge_total_limit_positive"), type_="check")
        batch.drop_constraint(op.f("ck_challenge_taken_not_negative"), type_="check")
        batch.drop_column("total_limit")
        batch.drop_column("taken")
