"""Acts have the kind of what was done: a review, a referral, a survey. It follows from the steps of the version that was answered.

What was begun and not sent has an index of its own, since reviewers have a list of it.

Until now every approved challenge was of the kind ``challenge``. Rules that ask for that kind go on to mean what they meant: badges
every act, since none counts what may not be rewarded, and audiences every kind but that.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB, "postgresql")
BADGE = sa.table("badge", sa.column("id", sa.BigInteger), sa.column("rule", sa.String), sa.column("options", JSON))
AUDIENCE_RULE = sa.table("audience_rule", sa.column("id", sa.BigInteger), sa.column("kind", sa.String), sa.column("options", JSON))
# The first kind of step that is there decides, as in challenges/rules/acting.py when this was written.
KINDS = (
    ("review", ("review",)),
    ("referral", ("refer",)),
    ("consent", ("consent",)),
    ("event", ("event",)),
    ("upload", ("upload",)),
    ("share", ("link",)),
    ("survey", ("questions", "nps")),
    ("quiz", ("quiz",)),
)
OF_VERSION = """UPDATE act SET kind = :kind WHERE kind = 'challenge' AND source_type = 'submission' AND source_id IN (
    SELECT submission.id FROM submission JOIN stage ON stage.challenge_id = submission.challenge_id AND stage.version = submission.version
    WHERE stage.removed_at IS NULL AND stage.kind IN :steps)"""


BEGUN = sa.text("state IN ('open', 'more_wanted') AND dropped_at IS NULL")


def upgrade() -> None:
    op.create_index("ix_submission_begun", "submission", ["changed_at", "id"], sqlite_where=BEGUN, postgresql_where=BEGUN)
    of_version = sa.text(OF_VERSION).bindparams(sa.bindparam("steps", expanding=True))
    for kind, steps in KINDS:
        op.get_bind().execute(of_version, {"kind": kind, "steps": list(steps)})
    for badge_id, options in _rows(BADGE, BADGE.c.rule):
        if options.get("act_kind") == "challenge":
            _keep(BADGE, badge_id, options | {"act_kind": None})
    for rule_id, options in _rows(AUDIENCE_RULE, AUDIENCE_RULE.c.kind):
        if options.get("kind") == "challenge":
            _keep(AUDIENCE_RULE, rule_id, options | {"kind": "rewardable"})


def downgrade() -> None:
    """Every challenge is of one kind again. Badges and audiences that ask for one of the kinds find nobody until then."""
    op.drop_index("ix_submission_begun", "submission")
    kinds = sa.text("UPDATE act SET kind = 'challenge' WHERE source_type = 'submission' AND kind IN :kinds").bindparams(
        sa.bindparam("kinds", expanding=True)
    )
    op.get_bind().execute(kinds, {"kinds": [kind for kind, _steps in KINDS]})
    for rule_id, options in _rows(AUDIENCE_RULE, AUDIENCE_RULE.c.kind):
        if options.get("kind") == "rewardable":
            _keep(AUDIENCE_RULE, rule_id, options | {"kind": "challenge"})


def _rows(table: Any, kind: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Return the rules that count acts, of badges and of audiences: both call their kind so."""
    yield from op.get_bind().execute(sa.select(table.c.id, table.c.options).where(kind == "acts")).all()  # type: ignore[misc]


def _keep(table: Any, row_id: int, options: dict[str, Any]) -> None:
    op.get_bind().execute(sa.update(table).where(table.c.id == row_id).values(options=options))
