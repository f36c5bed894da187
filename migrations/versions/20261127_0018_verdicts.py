"""Verdicts with a category, a second person, a step and a rule; appeals; rules that approve by themselves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)

BEFORE = ("approved", "more_wanted", "declined", "reversed")
OUTCOMES = (*BEFORE, "feedback", "recalled", "upheld")
COLUMNS = ["id", "submission_id", "attempt_id", "number", "outcome", "reason", "points", "transfer_id"] + [
    "decided_by_id",
    "decided_at",
    "recorded_at",
]
NEW_INDEXES = ("ix_verdict_decided_by_id_recorded_at", "ix_verdict_rule")
FIXED_BEFORE = "submission_id, attempt_id, number, outcome, points, transfer_id, decided_by_id, decided_at, recorded_at"
FIXED = f"{FIXED_BEFORE}, category, first_by_id, stage_id, rule_id, before"


def _added() -> list[sa.Column]:
    return [
        sa.Column("category", sa.String(24)),
        sa.Column("first_by_id", BIG),
        sa.Column("stage_id", BIG),
        sa.Column("rule_id", BIG),
        sa.Column("before", JSON),
    ]


def _known(outcomes: tuple[str, ...]) -> str:
    return "outcome IN ({})".format(", ".join(f"'{outcome}'" for outcome in outcomes))


def upgrade() -> None:
    _verdicts(OUTCOMES, FIXED, is_new=True)
    op.create_table(
        "appeal",
        sa.Column("id", BIG, nullable=False),
        sa.Column("verdict_id", BIG, nullable=False),
        sa.Column("attempt_id", BIG, nullable=False),
        sa.Column("submission_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("declined_by_id", BIG),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT),
        sa.Column("decided_by_id", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_appeal"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_appeal_attempt_id"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name="fk_appeal_submission_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_appeal_person_id"),
        sa.ForeignKeyConstraint(["declined_by_id"], ["person.id"], name="fk_appeal_declined_by_id"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name="fk_appeal_decided_by_id"),
        sa.UniqueConstraint("verdict_id", name="uq_appeal_verdict_id"),
        sa.CheckConstraint("state IN ('waiting', 'granted', 'upheld', 'dropped')", name=op.f("ck_appeal_state_known")),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name=op.f("ck_appeal_decided")),
    )
    op.create_index("ix_appeal_state_made_at_id", "appeal", ["state", "made_at", "id"])
    op.create_index("ix_appeal_submission_id", "appeal", ["submission_id"])
    op.create_table(
        "auto_rule",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("challenge_id", BIG),
        sa.Column("kinds", JSON, nullable=False),
        sa.Column("points_limit", sa.Integer(), nullable=False),
        sa.Column("approvals", sa.Integer(), nullable=False),
        sa.Column("within_days", sa.Integer(), nullable=False),
        sa.Column("after_days", sa.Integer(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by_id", BIG),
        sa.Column("removed_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_auto_rule"),
        sa.ForeignKeyConstraint(["challenge_id"], ["challenge.id"], name="fk_auto_rule_challenge_id"),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name="fk_auto_rule_made_by_id"),
        sa.CheckConstraint("points_limit >= 0", name=op.f("ck_auto_rule_limit_not_negative")),
        sa.CheckConstraint("approvals >= 0 AND within_days > 0 AND after_days >= 0", name=op.f("ck_auto_rule_counts")),
    )


def downgrade() -> None:
    op.drop_table("auto_rule")
    op.drop_table("appeal")
    _verdicts(BEFORE, FIXED_BEFORE, is_new=False)


def _verdicts(outcomes: tuple[str, ...], fixed: str, *, is_new: bool) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild(outcomes, is_new=is_new)
    else:
        _alter(outcomes, is_new=is_new)
    refuse = "BEGIN SELECT RAISE(ABORT, 'verdict is append-only'); END" if op.get_bind().dialect.name == "sqlite" else ""
    refuse = refuse or "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    op.execute(f"CREATE TRIGGER verdict_no_update BEFORE UPDATE OF {fixed} ON verdict {refuse}")
    op.execute(f"CREATE TRIGGER verdict_no_delete BEFORE DELETE ON verdict {refuse}")


def _rebuild(outcomes: tuple[str, ...], *, is_new: bool) -> None:
    """SQLite changes no CHECK, so the table is made anew and its rows are copied. Verdicts of kinds that only the new table knows are no more."""
    for name in ("verdict_no_update", "verdict_no_delete"):
        op.execute(f"DROP TRIGGER {name}")
    for name in ("ix_verdict_attempt_id", "ix_verdict_decided_at", *(() if is_new else NEW_INDEXES)):
        op.drop_index(name, "verdict")
    op.rename_table("verdict", "verdict_before")
    columns = [
        sa.Column("id", BIG, nullable=False),
        sa.Column("submission_id", BIG, nullable=False),
        sa.Column("attempt_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("transfer_id", BIG),
        sa.Column("decided_by_id", BIG),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
    ]
    foreign = [
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name="fk_verdict_submission_id"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_verdict_attempt_id"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name="fk_verdict_decided_by_id"),
    ]
    if is_new:
        columns += _added()
        foreign += [
            sa.ForeignKeyConstraint(["first_by_id"], ["person.id"], name="fk_verdict_first_by_id"),
            sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name="fk_verdict_stage_id"),
        ]
    op.create_table(
        "verdict",
        *columns,
        sa.PrimaryKeyConstraint("id", name="pk_verdict"),
        *foreign,
        sa.UniqueConstraint("submission_id", "number", name="uq_verdict_submission_id_number"),
        sa.CheckConstraint(_known(outcomes), name=op.f("ck_verdict_outcome_known")),
        sqlite_autoincrement=True,
    )
    listed = ", ".join(COLUMNS)
    op.execute(f"INSERT INTO verdict ({listed}) SELECT {listed} FROM verdict_before WHERE {_known(outcomes)}")
    op.drop_table("verdict_before")
    op.create_index("ix_verdict_attempt_id", "verdict", ["attempt_id"])
    op.create_index("ix_verdict_decided_at", "verdict", ["decided_at"])
    if is_new:
        _index()


def _index() -> None:
    by_rule = sa.text("rule_id IS NOT NULL")
    op.create_index("ix_verdict_decided_by_id_recorded_at", "verdict", ["decided_by_id", "recorded_at"])
    op.create_index("ix_verdict_rule", "verdict", ["rule_id", "id"], sqlite_where=by_rule, postgresql_where=by_rule)


def _alter(outcomes: tuple[str, ...], *, is_new: bool) -> None:
    for name in ("verdict_no_update", "verdict_no_delete"):
        op.execute(f"DROP TRIGGER {name} ON verdict")
    op.drop_constraint("ck_verdict_outcome_known", "verdict")
    if is_new:
        for column in _added():
            op.add_column("verdict", column)
        op.create_foreign_key("fk_verdict_first_by_id", "verdict", "person", ["first_by_id"], ["id"])
        op.create_foreign_key("fk_verdict_stage_id", "verdict", "stage", ["stage_id"], ["id"])
        _index()
    else:
        op.execute(f"DELETE FROM verdict WHERE NOT ({_known(outcomes)})")
        for name in NEW_INDEXES:
            op.drop_index(name, "verdict")
        for column in reversed(_added()):
            op.drop_column("verdict", column.name)
    op.create_check_constraint(op.f("ck_verdict_outcome_known"), "verdict", _known(outcomes))
