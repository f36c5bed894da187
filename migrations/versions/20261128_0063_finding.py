"""Finding references: a row of each profile for the search, the indexes of words, favourites, the library."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
STATEMENTS: dict[str, tuple[str, ...]] = {
    "sqlite": (
        (
            "CREATE TRIGGER finding_row_profile_came AFTER INSERT ON reference_profile BEGIN INSERT INTO finding_row (person_id, "
            "company_id, industry_key, region_key, size, tier, is_found, verified_at, names, words) SELECT p.person_id, h.company_id,"
            " lower(coalesce(c.industry, '')), lower(coalesce(c.region, '')), coalesce(c.size, ''), p.tier, (p.status = 'active' AND "
            "p.is_visible), p.verified_at, replace(h.name || ' ' || h.title || ' ' || coalesce(c.name, ''), 'ß', 'ss'), "
            "replace(coalesce(c.industry, '') || ' ' || p.story || ' ' || p.results || ' ' || coalesce((SELECT group_concat(s.word, '"
            " ') FROM (SELECT w.word FROM profile_word w WHERE w.person_id = p.person_id AND w.kind IN ('product', 'use_case', "
            "'replaced') ORDER BY w.kind, w.key) s), ''), 'ß', 'ss') FROM reference_profile p JOIN person h ON h.id = p.person_id "
            "LEFT JOIN company c ON c.id = h.company_id WHERE p.person_id = NEW.person_id ON CONFLICT (person_id) DO UPDATE SET "
            "company_id = excluded.company_id, industry_key = excluded.industry_key, region_key = excluded.region_key, size = "
            "excluded.size, tier = excluded.tier, is_found = excluded.is_found, verified_at = excluded.verified_at, names = "
            "excluded.names, words = excluded.words; END"
        ),
        (
            "CREATE TRIGGER finding_row_profile_left AFTER DELETE ON reference_profile BEGIN DELETE FROM finding_row WHERE person_id "
            "= OLD.person_id; END"
        ),
        (
            "CREATE TRIGGER finding_row_reference_profile_changed AFTER UPDATE OF status, is_visible, tier, story, results, "
            "verified_at ON reference_profile BEGIN INSERT INTO finding_row (person_id, company_id, industry_key, region_key, size, "
            "tier, is_found, verified_at, names, words) SELECT p.person_id, h.company_id, lower(coalesce(c.industry, '')), "
            "lower(coalesce(c.region, '')), coalesce(c.size, ''), p.tier, (p.status = 'active' AND p.is_visible), p.verified_at, "
            "replace(h.name || ' ' || h.title || ' ' || coalesce(c.name, ''), 'ß', 'ss'), replace(coalesce(c.industry, '') || ' ' || "
            "p.story || ' ' || p.results || ' ' || coalesce((SELECT group_concat(s.word, ' ') FROM (SELECT w.word FROM profile_word w"
            " WHERE w.person_id = p.person_id AND w.kind IN ('product', 'use_case', 'replaced') ORDER BY w.kind, w.key) s), ''), 'ß',"
            " 'ss') FROM reference_profile p JOIN person h ON h.id = p.person_id LEFT JOIN company c ON c.id = h.company_id WHERE "
            "p.person_id = NEW.person_id ON CONFLICT (person_id) DO UPDATE SET company_id = excluded.company_id, industry_key = "
            "excluded.industry_key, region_key = excluded.region_key, size = excluded.size, tier = excluded.tier, is_found = "
            "excluded.is_found, verified_at = excluded.verified_at, names = excluded.names, words = excluded.words; END"
        ),
        (
            "CREATE TRIGGER finding_row_person_changed AFTER UPDATE OF name, title, company_id ON person BEGIN INSERT INTO "
            "finding_row (person_id, company_id, industry_key, region_key, size, tier, is_found, verified_at, names, words) SELECT "
            "p.person_id, h.company_id, lower(coalesce(c.industry, '')), lower(coalesce(c.region, '')), coalesce(c.size, ''), p.tier,"
            " (p.status = 'active' AND p.is_visible), p.verified_at, replace(h.name || ' ' || h.title || ' ' || coalesce(c.name, ''),"
            " 'ß', 'ss'), replace(coalesce(c.industry, '') || ' ' || p.story || ' ' || p.results || ' ' || coalesce((SELECT "
            "group_concat(s.word, ' ') FROM (SELECT w.word FROM profile_word w WHERE w.person_id = p.person_id AND w.kind IN "
            "('product', 'use_case', 'replaced') ORDER BY w.kind, w.key) s), ''), 'ß', 'ss') FROM reference_profile p JOIN person h "
            "ON h.id = p.person_id LEFT JOIN company c ON c.id = h.company_id WHERE p.person_id = NEW.id ON CONFLICT (person_id) DO "
            "UPDATE SET company_id = excluded.company_id, industry_key = excluded.industry_key, region_key = excluded.region_key, "
            "size = excluded.size, tier = excluded.tier, is_found = excluded.is_found, verified_at = excluded.verified_at, names = "
            "excluded.names, words = excluded.words; END"
        ),
        (
            "CREATE TRIGGER finding_row_company_changed AFTER UPDATE OF name, industry, region, size ON company BEGIN INSERT INTO "
            "finding_row (person_id, company_id, industry_key, region_key, size, tier, is_found, verified_at, names, words) SELECT "
            "p.person_id, h.company_id, lower(coalesce(c.industry, '')), lower(coalesce(c.region, '')), coalesce(c.size, ''), p.tier,"
            " (p.status = 'active' AND p.is_visible), p.verified_at, replace(h.name || ' ' || h.title || ' ' || coalesce(c.name, ''),"
            " 'ß', 'ss'), replace(coalesce(c.industry, '') || ' ' || p.story || ' ' || p.results || ' ' || coalesce((SELECT "
            "group_concat(s.word, ' ') FROM (SELECT w.word FROM profile_word w WHERE w.person_id = p.person_id AND w.kind IN "
            "('product', 'use_case', 'replaced') ORDER BY w.kind, w.key) s), ''), 'ß', 'ss') FROM reference_profile p JOIN person h "
            "ON h.id = p.person_id LEFT JOIN company c ON c.id = h.company_id WHERE h.company_id = NEW.id ON CONFLICT (person_id) DO "
            "UPDATE SET company_id = excluded.company_id, industry_key = excluded.industry_key, region_key = excluded.region_key, "
            "size = excluded.size, tier = excluded.tier, is_found = excluded.is_found, verified_at = excluded.verified_at, names = "
            "excluded.names, words = excluded.words; END"
        ),
        (
            "CREATE TRIGGER finding_row_word_insert AFTER INSERT ON profile_word BEGIN INSERT INTO finding_row (person_id, "
            "company_id, industry_key, region_key, size, tier, is_found, verified_at, names, words) SELECT p.person_id, h.company_id,"
            " lower(coalesce(c.industry, '')), lower(coalesce(c.region, '')), coalesce(c.size, ''), p.tier, (p.status = 'active' AND "
            "p.is_visible), p.verified_at, replace(h.name || ' ' || h.title || ' ' || coalesce(c.name, ''), 'ß', 'ss'), "
            "replace(coalesce(c.industry, '') || ' ' || p.story || ' ' || p.results || ' ' || coalesce((SELECT group_concat(s.word, '"
            " ') FROM (SELECT w.word FROM profile_word w WHERE w.person_id = p.person_id AND w.kind IN ('product', 'use_case', "
            "'replaced') ORDER BY w.kind, w.key) s), ''), 'ß', 'ss') FROM reference_profile p JOIN person h ON h.id = p.person_id "
            "LEFT JOIN company c ON c.id = h.company_id WHERE p.person_id = NEW.person_id ON CONFLICT (person_id) DO UPDATE SET "
            "company_id = excluded.company_id, industry_key = excluded.industry_key, region_key = excluded.region_key, size = "
            "excluded.size, tier = excluded.tier, is_found = excluded.is_found, verified_at = excluded.verified_at, names = "
            "excluded.names, words = excluded.words; END"
        ),
        (
            "CREATE TRIGGER finding_row_word_update AFTER UPDATE ON profile_word BEGIN INSERT INTO finding_row (person_id, "
            "company_id, industry_key, region_key, size, tier, is_found, verified_at, names, words) SELECT p.person_id, h.company_id,"
            " lower(coalesce(c.industry, '')), lower(coalesce(c.region, '')), coalesce(c.size, ''), p.tier, (p.status = 'active' AND "
            "p.is_visible), p.verified_at, replace(h.name || ' ' || h.title || ' ' || coalesce(c.name, ''), 'ß', 'ss'), "
            "replace(coalesce(c.industry, '') || ' ' || p.story || ' ' || p.results || ' ' || coalesce((SELECT group_concat(s.word, '"
            " ') FROM (SELECT w.word FROM profile_word w WHERE w.person_id = p.person_id AND w.kind IN ('product', 'use_case', "
            "'replaced') ORDER BY w.kind, w.key) s), ''), 'ß', 'ss') FROM reference_profile p JOIN person h ON h.id = p.person_id "
            "LEFT JOIN company c ON c.id = h.company_id WHERE p.person_id = NEW.person_id ON CONFLICT (person_id) DO UPDATE SET "
            "company_id = excluded.company_id, industry_key = excluded.industry_key, region_key = excluded.region_key, size = "
            "excluded.size, tier = excluded.tier, is_found = excluded.is_found, verified_at = excluded.verified_at, names = "
            "excluded.names, words = excluded.words; END"
        ),
        (
            "CREATE TRIGGER finding_row_word_delete AFTER DELETE ON profile_word BEGIN INSERT INTO finding_row (person_id, "
            "company_id, industry_key, region_key, size, tier, is_found, verified_at, names, words) SELECT p.person_id, h.company_id,"
            " lower(coalesce(c.industry, '')), lower(coalesce(c.region, '')), coalesce(c.size, ''), p.tier, (p.status = 'active' AND "
            "p.is_visible), p.verified_at, replace(h.name || ' ' || h.title || ' ' || coalesce(c.name, ''), 'ß', 'ss'), "
            "replace(coalesce(c.industry, '') || ' ' || p.story || ' ' || p.results || ' ' || coalesce((SELECT group_concat(s.word, '"
            " ') FROM (SELECT w.word FROM profile_word w WHERE w.person_id = p.person_id AND w.kind IN ('product', 'use_case', "
            "'replaced') ORDER BY w.kind, w.key) s), ''), 'ß', 'ss') FROM reference_profile p JOIN person h ON h.id = p.person_id "
            "LEFT JOIN company c ON c.id = h.company_id WHERE p.person_id = OLD.person_id ON CONFLICT (person_id) DO UPDATE SET "
            "company_id = excluded.company_id, industry_key = excluded.industry_key, region_key = excluded.region_key, size = "
            "excluded.size, tier = excluded.tier, is_found = excluded.is_found, verified_at = excluded.verified_at, names = "
            "excluded.names, words = excluded.words; END"
        ),
        (
            "CREATE VIRTUAL TABLE finding_words USING fts5(names, words, content='finding_row', content_rowid='person_id', "
            "tokenize='unicode61 remove_diacritics 2', prefix='2 3')"
        ),
        (
            "CREATE TRIGGER finding_words_came AFTER INSERT ON finding_row BEGIN INSERT INTO finding_words (rowid, names, words) "
            "VALUES (NEW.person_id, NEW.names, NEW.words); END"
        ),
        (
            "CREATE TRIGGER finding_words_changed AFTER UPDATE ON finding_row WHEN OLD.names <> NEW.names OR OLD.words <> NEW.words "
            "BEGIN INSERT INTO finding_words (finding_words, rowid, names, words) VALUES ('delete', OLD.person_id, OLD.names, "
            "OLD.words); INSERT INTO finding_words (rowid, names, words) VALUES (NEW.person_id, NEW.names, NEW.words); END"
        ),
        (
            "CREATE TRIGGER finding_words_left AFTER DELETE ON finding_row BEGIN INSERT INTO finding_words (finding_words, rowid, "
            "names, words) VALUES ('delete', OLD.person_id, OLD.names, OLD.words); END"
        ),
        (
            "CREATE VIRTUAL TABLE library_words USING fts5(words, content='library_item', content_rowid='id', tokenize='unicode61 "
            "remove_diacritics 2', prefix='2 3')"
        ),
        (
            "CREATE TRIGGER library_words_came AFTER INSERT ON library_item BEGIN INSERT INTO library_words (rowid, words) VALUES "
            "(NEW.id, NEW.words); END"
        ),
        (
            "CREATE TRIGGER library_words_changed AFTER UPDATE ON library_item WHEN OLD.words <> NEW.words BEGIN INSERT INTO "
            "library_words (library_words, rowid, words) VALUES ('delete', OLD.id, OLD.words); INSERT INTO library_words (rowid, "
            "words) VALUES (NEW.id, NEW.words); END"
        ),
        (
            "CREATE TRIGGER library_words_left AFTER DELETE ON library_item BEGIN INSERT INTO library_words (library_words, rowid, "
            "words) VALUES ('delete', OLD.id, OLD.words); END"
        ),
        (
            "INSERT INTO finding_row (person_id, company_id, industry_key, region_key, size, tier, is_found, verified_at, names, "
            "words) SELECT p.person_id, h.company_id, lower(coalesce(c.industry, '')), lower(coalesce(c.region, '')), "
            "coalesce(c.size, ''), p.tier, (p.status = 'active' AND p.is_visible), p.verified_at, replace(h.name || ' ' || h.title ||"
            " ' ' || coalesce(c.name, ''), 'ß', 'ss'), replace(coalesce(c.industry, '') || ' ' || p.story || ' ' || p.results || ' ' "
            "|| coalesce((SELECT group_concat(s.word, ' ') FROM (SELECT w.word FROM profile_word w WHERE w.person_id = p.person_id "
            "AND w.kind IN ('product', 'use_case', 'replaced') ORDER BY w.kind, w.key) s), ''), 'ß', 'ss') FROM reference_profile p "
            "JOIN person h ON h.id = p.person_id LEFT JOIN company c ON c.id = h.company_id WHERE true ON CONFLICT (person_id) DO "
            "UPDATE SET company_id = excluded.company_id, industry_key = excluded.industry_key, region_key = excluded.region_key, "
            "size = excluded.size, tier = excluded.tier, is_found = excluded.is_found, verified_at = excluded.verified_at, names = "
            "excluded.names, words = excluded.words"
        ),
    ),
    "postgresql": (
        (
            "CREATE OR REPLACE FUNCTION finding_fold(typed text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT "
            "regexp_replace(lower(regexp_replace(normalize(typed, NFKD), '[\\u0300-\\u036f]', '', 'g')), '[^[:alnum:]]+', ' ', 'g') $$"
        ),
        (
            "CREATE OR REPLACE FUNCTION finding_refresh(whose bigint) RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM "
            "finding_row WHERE person_id = whose FOR UPDATE; INSERT INTO finding_row (person_id, company_id, industry_key, "
            "region_key, size, tier, is_found, verified_at, names, words) SELECT p.person_id, h.company_id, "
            "lower(coalesce(c.industry, '')), lower(coalesce(c.region, '')), coalesce(c.size, ''), p.tier, (p.status = 'active' AND "
            "p.is_visible), p.verified_at, replace(h.name || ' ' || h.title || ' ' || coalesce(c.name, ''), 'ß', 'ss'), "
            "replace(coalesce(c.industry, '') || ' ' || p.story || ' ' || p.results || ' ' || coalesce((SELECT string_agg(w.word, ' '"
            " ORDER BY w.kind, w.key) FROM profile_word w WHERE w.person_id = p.person_id AND w.kind IN ('product', 'use_case', "
            "'replaced')), ''), 'ß', 'ss') FROM reference_profile p JOIN person h ON h.id = p.person_id LEFT JOIN company c ON c.id ="
            " h.company_id WHERE p.person_id = whose ON CONFLICT (person_id) DO UPDATE SET company_id = excluded.company_id, "
            "industry_key = excluded.industry_key, region_key = excluded.region_key, size = excluded.size, tier = excluded.tier, "
            "is_found = excluded.is_found, verified_at = excluded.verified_at, names = excluded.names, words = excluded.words; END $$"
        ),
        (
            "CREATE OR REPLACE FUNCTION finding_heard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_TABLE_NAME = 'company' "
            "THEN PERFORM finding_refresh(h.id) FROM person h JOIN reference_profile p ON p.person_id = h.id WHERE h.company_id = "
            "NEW.id ORDER BY h.id; ELSIF TG_TABLE_NAME = 'person' THEN PERFORM finding_refresh(NEW.id); ELSIF TG_OP = 'DELETE' AND "
            "TG_TABLE_NAME = 'reference_profile' THEN DELETE FROM finding_row WHERE person_id = OLD.person_id; ELSIF TG_OP = 'DELETE'"
            " THEN PERFORM finding_refresh(OLD.person_id); ELSE PERFORM finding_refresh(NEW.person_id); END IF; RETURN NULL; END $$"
        ),
        ("CREATE TRIGGER finding_row_profile_came AFTER INSERT OR DELETE ON reference_profile FOR EACH ROW EXECUTE FUNCTION finding_heard()"),
        ("CREATE TRIGGER finding_row_word AFTER INSERT OR UPDATE OR DELETE ON profile_word FOR EACH ROW EXECUTE FUNCTION finding_heard()"),
        (
            "CREATE TRIGGER finding_row_reference_profile_changed AFTER UPDATE OF status, is_visible, tier, story, results, "
            "verified_at ON reference_profile FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.is_visible IS DISTINCT"
            " FROM NEW.is_visible OR OLD.tier IS DISTINCT FROM NEW.tier OR OLD.story IS DISTINCT FROM NEW.story OR OLD.results IS "
            "DISTINCT FROM NEW.results OR OLD.verified_at IS DISTINCT FROM NEW.verified_at) EXECUTE FUNCTION finding_heard()"
        ),
        (
            "CREATE TRIGGER finding_row_person_changed AFTER UPDATE OF name, title, company_id ON person FOR EACH ROW WHEN (OLD.name "
            "IS DISTINCT FROM NEW.name OR OLD.title IS DISTINCT FROM NEW.title OR OLD.company_id IS DISTINCT FROM NEW.company_id) "
            "EXECUTE FUNCTION finding_heard()"
        ),
        (
            "CREATE TRIGGER finding_row_company_changed AFTER UPDATE OF name, industry, region, size ON company FOR EACH ROW WHEN "
            "(OLD.name IS DISTINCT FROM NEW.name OR OLD.industry IS DISTINCT FROM NEW.industry OR OLD.region IS DISTINCT FROM "
            "NEW.region OR OLD.size IS DISTINCT FROM NEW.size) EXECUTE FUNCTION finding_heard()"
        ),
        ("CREATE INDEX ix_finding_row_words ON finding_row USING gin (to_tsvector('simple', finding_fold(names || ' ' || words)))"),
        ("CREATE INDEX ix_library_item_words ON library_item USING gin (to_tsvector('simple', finding_fold(words)))"),
        (
            "INSERT INTO finding_row (person_id, company_id, industry_key, region_key, size, tier, is_found, verified_at, names, "
            "words) SELECT p.person_id, h.company_id, lower(coalesce(c.industry, '')), lower(coalesce(c.region, '')), "
            "coalesce(c.size, ''), p.tier, (p.status = 'active' AND p.is_visible), p.verified_at, replace(h.name || ' ' || h.title ||"
            " ' ' || coalesce(c.name, ''), 'ß', 'ss'), replace(coalesce(c.industry, '') || ' ' || p.story || ' ' || p.results || ' ' "
            "|| coalesce((SELECT string_agg(w.word, ' ' ORDER BY w.kind, w.key) FROM profile_word w WHERE w.person_id = p.person_id "
            "AND w.kind IN ('product', 'use_case', 'replaced')), ''), 'ß', 'ss') FROM reference_profile p JOIN person h ON h.id = "
            "p.person_id LEFT JOIN company c ON c.id = h.company_id WHERE true ON CONFLICT (person_id) DO UPDATE SET company_id = "
            "excluded.company_id, industry_key = excluded.industry_key, region_key = excluded.region_key, size = excluded.size, tier "
            "= excluded.tier, is_found = excluded.is_found, verified_at = excluded.verified_at, names = excluded.names, words = "
            "excluded.words"
        ),
    ),
}


def upgrade() -> None:
    _tables()
    bind = op.get_bind()
    for statement in STATEMENTS[bind.dialect.name]:
        # Past text(): what stands between colons in an expression would be taken for a parameter.
        bind.exec_driver_sql(statement)


def _tables() -> None:
    op.create_table(
        "finding_row",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("company_id", BIG),
        sa.Column("industry_key", sa.String(length=120), nullable=False),
        sa.Column("region_key", sa.String(length=120), nullable=False),
        sa.Column("size", sa.String(length=40), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("is_found", sa.Boolean(), nullable=False),
        sa.Column("verified_at", MOMENT),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk_finding_row"),
    )
    order = ["verified_at", "person_id"]
    for name, first in {
        "all": ["industry_key", "region_key", "size"], "place": ["industry_key", "region_key"], "industry": ["industry_key"],
        "region": ["region_key"], "size": ["size"], "verified": [],
    }.items():  # fmt: skip
        op.create_index(f"ix_finding_row_{name}", "finding_row", ["is_found", *first, *order])
    op.create_index("ix_finding_row_company_id", "finding_row", ["company_id"])
    op.create_table(
        "finding_favourite",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("reference_id", BIG, autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_finding_favourite_person_id"),
        sa.ForeignKeyConstraint(["reference_id"], ["person.id"], name="fk_finding_favourite_reference_id"),
        sa.PrimaryKeyConstraint("person_id", "reference_id", name="pk_finding_favourite"),
    )
    op.create_index("ix_finding_favourite_reference_id", "finding_favourite", ["reference_id"])
    op.create_table(
        "library_item",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("link", sa.String(length=500), nullable=False),
        sa.Column("file_id", BIG),
        sa.Column("company_id", BIG),
        sa.Column("person_id", BIG),
        sa.Column("product", sa.String(length=120), nullable=False),
        sa.Column("industry", sa.String(length=120), nullable=False),
        sa.Column("consent_id", BIG),
        sa.Column("permission", sa.String(length=500), nullable=False),
        sa.Column("expires_on", sa.Date()),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("made_by_id", BIG),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("retired_at", MOMENT),
        sa.Column("retired_reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint("kind IN ('case_study', 'quote', 'video', 'slides')", name=op.f("ck_library_item_kind_known")),
        sa.CheckConstraint("title <> ''", name=op.f("ck_library_item_has_title")),
        sa.CheckConstraint("quote <> '' OR link <> '' OR file_id IS NOT NULL", name=op.f("ck_library_item_has_content")),
        sa.CheckConstraint("consent_id IS NOT NULL OR permission <> ''", name=op.f("ck_library_item_is_permitted")),
        sa.CheckConstraint("(retired_at IS NULL) = (retired_reason = '')", name=op.f("ck_library_item_retired_whole")),
        sa.CheckConstraint("uses >= 0", name=op.f("ck_library_item_uses_not_negative")),
        *(
            sa.ForeignKeyConstraint([f"{of}_id"], [f"{table}.id"], name=f"fk_library_item_{of}_id")
            for of, table in {"file": "stored_file", "company": "company", "person": "person", "consent": "consent", "made_by": "person"}.items()
        ),
        sa.PrimaryKeyConstraint("id", name="pk_library_item"),
        sa.UniqueConstraint("key", name="uq_library_item_key"),
    )
    op.create_index("ix_library_item_made_at_id", "library_item", ["made_at", "id"])
    for of in ("company", "file", "consent"):
        op.create_index(f"ix_library_item_{of}_id", "library_item", [f"{of}_id"])
    shown = sa.text("retired_at IS NULL")
    op.create_index("ix_library_item_shown", "library_item", ["kind", "made_at", "id"], sqlite_where=shown, postgresql_where=shown)


def downgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        for name in ("finding_words", "library_words"):
            bind.exec_driver_sql(f"DROP TABLE {name}")
        of_rows = ("profile_came", "profile_left", "reference_profile_changed", "person_changed", "company_changed")
        for of in (*of_rows, "word_insert", "word_update", "word_delete"):
            bind.exec_driver_sql(f"DROP TRIGGER finding_row_{of}")
    else:
        of_tables = {
            "reference_profile": ("profile_came", "reference_profile_changed"), "person": ("person_changed",),
            "company": ("company_changed",), "profile_word": ("word",),
        }  # fmt: skip
        for table, names in of_tables.items():
            for name in names:
                bind.exec_driver_sql(f"DROP TRIGGER finding_row_{name} ON {table}")
    for table in ("library_item", "finding_favourite", "finding_row"):
        op.drop_table(table)
    if bind.dialect.name != "sqlite":
        for function in ("finding_heard()", "finding_refresh(bigint)", "finding_fold(text)"):
            bind.exec_driver_sql(f"DROP FUNCTION {function}")
