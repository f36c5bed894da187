"""What companies have on boards, kept beside the scores of their people by triggers."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COMPANY = "UPDATE period_score SET company_id = (SELECT company_id FROM person WHERE person.id = period_score.member_id AND board_name IS NULL)"
SUMS = (
    "INSERT INTO company_score (company_id, period, points, members, first_neg) "
    "SELECT company_id, period, SUM(score), COUNT(*), MIN(first_neg) FROM period_score "
    "WHERE company_id IS NOT NULL AND is_shown AND score > 0 GROUP BY company_id, period"
)
SQLITE = (
    (
        "CREATE TRIGGER company_score_came AFTER INSERT ON period_score WHEN (NEW.company_id IS NOT NULL AND NEW.is_shown AND "
        "NEW.score > 0) BEGIN INSERT INTO company_score (company_id, period, points, members, first_neg) VALUES (NEW.company_id, "
        "NEW.period, NEW.score, 1, NEW.first_neg) ON CONFLICT (company_id, period) DO UPDATE SET points = company_score.points + "
        "excluded.points, members = company_score.members + 1, first_neg = CASE WHEN excluded.first_neg < company_score.first_neg THEN"
        " excluded.first_neg ELSE company_score.first_neg END; END"
    ),
    (
        "CREATE TRIGGER company_score_joined AFTER UPDATE ON period_score WHEN (NEW.company_id IS NOT NULL AND NEW.is_shown AND "
        "NEW.score > 0) AND NOT ((OLD.company_id IS NOT NULL AND OLD.is_shown AND OLD.score > 0) AND (NEW.company_id IS NOT NULL AND "
        "NEW.is_shown AND NEW.score > 0) AND OLD.company_id = NEW.company_id) BEGIN INSERT INTO company_score (company_id, period, "
        "points, members, first_neg) VALUES (NEW.company_id, NEW.period, NEW.score, 1, NEW.first_neg) ON CONFLICT (company_id, period)"
        " DO UPDATE SET points = company_score.points + excluded.points, members = company_score.members + 1, first_neg = CASE WHEN "
        "excluded.first_neg < company_score.first_neg THEN excluded.first_neg ELSE company_score.first_neg END; END"
    ),
    (
        "CREATE TRIGGER company_score_moved AFTER UPDATE ON period_score WHEN ((OLD.company_id IS NOT NULL AND OLD.is_shown AND "
        "OLD.score > 0) AND (NEW.company_id IS NOT NULL AND NEW.is_shown AND NEW.score > 0) AND OLD.company_id = NEW.company_id) AND "
        "(OLD.score <> NEW.score OR OLD.first_neg <> NEW.first_neg) BEGIN UPDATE company_score SET points = points + NEW.score - "
        "OLD.score, first_neg = CASE WHEN NEW.first_neg <= first_neg THEN NEW.first_neg WHEN first_neg < OLD.first_neg THEN first_neg "
        "ELSE COALESCE((SELECT MIN(s.first_neg) FROM person p JOIN period_score s ON s.member_id = p.id AND s.period = NEW.period "
        "WHERE p.company_id = NEW.company_id AND s.company_id = NEW.company_id AND s.is_shown AND s.score > 0), "
        "company_score.first_neg) END WHERE company_id = NEW.company_id AND period = NEW.period; END"
    ),
    (
        "CREATE TRIGGER company_score_left AFTER UPDATE ON period_score WHEN (OLD.company_id IS NOT NULL AND OLD.is_shown AND "
        "OLD.score > 0) AND NOT ((OLD.company_id IS NOT NULL AND OLD.is_shown AND OLD.score > 0) AND (NEW.company_id IS NOT NULL AND "
        "NEW.is_shown AND NEW.score > 0) AND OLD.company_id = NEW.company_id) BEGIN DELETE FROM company_score WHERE company_id = "
        "OLD.company_id AND period = OLD.period AND members = 1; UPDATE company_score SET points = points - OLD.score, members = "
        "members - 1, first_neg = CASE WHEN first_neg < OLD.first_neg THEN first_neg ELSE COALESCE((SELECT MIN(s.first_neg) FROM "
        "person p JOIN period_score s ON s.member_id = p.id AND s.period = OLD.period WHERE p.company_id = OLD.company_id AND "
        "s.company_id = OLD.company_id AND s.is_shown AND s.score > 0), company_score.first_neg) END WHERE company_id = OLD.company_id"
        " AND period = OLD.period; END"
    ),
    (
        "CREATE TRIGGER company_score_gone AFTER DELETE ON period_score WHEN (OLD.company_id IS NOT NULL AND OLD.is_shown AND "
        "OLD.score > 0) BEGIN DELETE FROM company_score WHERE company_id = OLD.company_id AND period = OLD.period AND members = 1; "
        "UPDATE company_score SET points = points - OLD.score, members = members - 1, first_neg = CASE WHEN first_neg < OLD.first_neg "
        "THEN first_neg ELSE COALESCE((SELECT MIN(s.first_neg) FROM person p JOIN period_score s ON s.member_id = p.id AND s.period = "
        "OLD.period WHERE p.company_id = OLD.company_id AND s.company_id = OLD.company_id AND s.is_shown AND s.score > 0), "
        "company_score.first_neg) END WHERE company_id = OLD.company_id AND period = OLD.period; END"
    ),
    (
        "CREATE TRIGGER company_score_person AFTER UPDATE OF company_id, board_name ON person WHEN OLD.company_id IS NOT "
        "NEW.company_id OR (OLD.board_name IS NULL) <> (NEW.board_name IS NULL) BEGIN UPDATE period_score SET company_id = CASE WHEN "
        "NEW.board_name IS NULL THEN NEW.company_id END WHERE member_id = NEW.id; END"
    ),
)
POSTGRESQL = (
    (
        "CREATE OR REPLACE FUNCTION company_score_came() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM company WHERE id "
        "= NEW.company_id FOR NO KEY UPDATE; INSERT INTO company_score (company_id, period, points, members, first_neg) VALUES "
        "(NEW.company_id, NEW.period, NEW.score, 1, NEW.first_neg) ON CONFLICT (company_id, period) DO UPDATE SET points = "
        "company_score.points + excluded.points, members = company_score.members + 1, first_neg = CASE WHEN excluded.first_neg < "
        "company_score.first_neg THEN excluded.first_neg ELSE company_score.first_neg END; RETURN NULL; END $$"
    ),
    (
        "CREATE OR REPLACE FUNCTION company_score_moved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM company WHERE id"
        " = NEW.company_id FOR NO KEY UPDATE; UPDATE company_score SET points = points + NEW.score - OLD.score, first_neg = CASE WHEN "
        "NEW.first_neg <= first_neg THEN NEW.first_neg WHEN first_neg < OLD.first_neg THEN first_neg ELSE COALESCE((SELECT "
        "MIN(s.first_neg) FROM person p JOIN period_score s ON s.member_id = p.id AND s.period = NEW.period WHERE p.company_id = "
        "NEW.company_id AND s.company_id = NEW.company_id AND s.is_shown AND s.score > 0), company_score.first_neg) END WHERE "
        "company_id = NEW.company_id AND period = NEW.period; RETURN NULL; END $$"
    ),
    (
        "CREATE OR REPLACE FUNCTION company_score_left() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM company WHERE id "
        "= OLD.company_id FOR NO KEY UPDATE; DELETE FROM company_score WHERE company_id = OLD.company_id AND period = OLD.period AND "
        "members = 1; UPDATE company_score SET points = points - OLD.score, members = members - 1, first_neg = CASE WHEN first_neg < "
        "OLD.first_neg THEN first_neg ELSE COALESCE((SELECT MIN(s.first_neg) FROM person p JOIN period_score s ON s.member_id = p.id "
        "AND s.period = OLD.period WHERE p.company_id = OLD.company_id AND s.company_id = OLD.company_id AND s.is_shown AND s.score > "
        "0), company_score.first_neg) END WHERE company_id = OLD.company_id AND period = OLD.period; RETURN NULL; END $$"
    ),
    (
        "CREATE OR REPLACE FUNCTION company_score_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET CONSTRAINTS "
        "company_score_came, company_score_joined, company_score_left, company_score_moved IMMEDIATE; PERFORM 1 FROM company WHERE id "
        "IN (SELECT company_id FROM gone WHERE (gone.company_id IS NOT NULL AND gone.is_shown AND gone.score > 0)) ORDER BY id FOR NO "
        "KEY UPDATE; DELETE FROM company_score USING (SELECT company_id, period, SUM(score) AS points, COUNT(*) AS members, "
        "MIN(first_neg) AS first_neg FROM gone WHERE (gone.company_id IS NOT NULL AND gone.is_shown AND gone.score > 0) GROUP BY "
        "company_id, period) AS g WHERE company_score.company_id = g.company_id AND company_score.period = g.period AND "
        "company_score.members = g.members; UPDATE company_score SET points = company_score.points - g.points, members = "
        "company_score.members - g.members, first_neg = CASE WHEN company_score.first_neg < g.first_neg THEN company_score.first_neg "
        "ELSE COALESCE((SELECT MIN(s.first_neg) FROM person p JOIN period_score s ON s.member_id = p.id AND s.period = "
        "company_score.period WHERE p.company_id = company_score.company_id AND s.company_id = company_score.company_id AND s.is_shown"
        " AND s.score > 0), company_score.first_neg) END FROM (SELECT company_id, period, SUM(score) AS points, COUNT(*) AS members, "
        "MIN(first_neg) AS first_neg FROM gone WHERE (gone.company_id IS NOT NULL AND gone.is_shown AND gone.score > 0) GROUP BY "
        "company_id, period) AS g WHERE company_score.company_id = g.company_id AND company_score.period = g.period; RETURN NULL; END "
        "$$"
    ),
    (
        "CREATE OR REPLACE FUNCTION company_score_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE period_score SET "
        "company_id = CASE WHEN NEW.board_name IS NULL THEN NEW.company_id END WHERE member_id = NEW.id; RETURN NULL; END $$"
    ),
    (
        "CREATE CONSTRAINT TRIGGER company_score_came AFTER INSERT ON period_score DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN "
        "((NEW.company_id IS NOT NULL AND NEW.is_shown AND NEW.score > 0)) EXECUTE FUNCTION company_score_came()"
    ),
    (
        "CREATE CONSTRAINT TRIGGER company_score_joined AFTER UPDATE ON period_score DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN "
        "((NEW.company_id IS NOT NULL AND NEW.is_shown AND NEW.score > 0) AND NOT ((OLD.company_id IS NOT NULL AND OLD.is_shown AND "
        "OLD.score > 0) AND (NEW.company_id IS NOT NULL AND NEW.is_shown AND NEW.score > 0) AND OLD.company_id = NEW.company_id)) "
        "EXECUTE FUNCTION company_score_came()"
    ),
    (
        "CREATE CONSTRAINT TRIGGER company_score_moved AFTER UPDATE ON period_score DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN "
        "(((OLD.company_id IS NOT NULL AND OLD.is_shown AND OLD.score > 0) AND (NEW.company_id IS NOT NULL AND NEW.is_shown AND "
        "NEW.score > 0) AND OLD.company_id = NEW.company_id) AND (OLD.score <> NEW.score OR OLD.first_neg <> NEW.first_neg)) EXECUTE "
        "FUNCTION company_score_moved()"
    ),
    (
        "CREATE CONSTRAINT TRIGGER company_score_left AFTER UPDATE ON period_score DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN "
        "((OLD.company_id IS NOT NULL AND OLD.is_shown AND OLD.score > 0) AND NOT ((OLD.company_id IS NOT NULL AND OLD.is_shown AND "
        "OLD.score > 0) AND (NEW.company_id IS NOT NULL AND NEW.is_shown AND NEW.score > 0) AND OLD.company_id = NEW.company_id)) "
        "EXECUTE FUNCTION company_score_left()"
    ),
    (
        "CREATE TRIGGER company_score_gone AFTER DELETE ON period_score REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE "
        "FUNCTION company_score_gone()"
    ),
    (
        "CREATE TRIGGER company_score_person AFTER UPDATE OF company_id, board_name ON person FOR EACH ROW WHEN (OLD.company_id IS "
        "DISTINCT FROM NEW.company_id OR (OLD.board_name IS NULL) <> (NEW.board_name IS NULL)) EXECUTE FUNCTION company_score_person()"
    ),
)


def upgrade() -> None:
    op.add_column("period_score", sa.Column("company_id", BIG))
    op.create_table(
        "company_score",
        sa.Column("company_id", BIG, autoincrement=False, nullable=False),
        sa.Column("period", sa.String(24), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("members", sa.BigInteger(), nullable=False),
        sa.Column("first_neg", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("company_id", "period", name="pk_company_score"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_company_score_company_id"),
        sa.CheckConstraint("points > 0 AND members > 0", name=op.f("ck_company_score_somebody_counts")),
        postgresql_with={"autovacuum_vacuum_scale_factor": 0.02},
    )
    op.create_index("ix_company_score_board", "company_score", ["period", "points", "first_neg", "company_id"])
    op.execute(COMPANY)
    op.execute(SUMS)
    for statement in POSTGRESQL if _is_postgresql() else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    for name in ("came", "joined", "moved", "left", "gone", "person"):
        table = "person" if name == "person" else "period_score"
        op.execute(f"DROP TRIGGER company_score_{name}" + (f" ON {table}" if _is_postgresql() else ""))
    if _is_postgresql():
        for name in ("came", "moved", "left", "gone", "person"):
            op.execute(f"DROP FUNCTION company_score_{name}()")
    op.drop_table("company_score")
    op.drop_column("period_score", "company_id")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
