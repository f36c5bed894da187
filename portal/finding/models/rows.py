"""What a search reads first: one narrow row for each profile, kept by triggers, and the indexes of its words.

Triggers, since a name, an industry or a story is written by many: forms, imports, commands, admins' SQL. ``flask reindex`` makes all anew.
"""

from datetime import datetime

from sqlalchemy import DDL, Index, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime


class FindingRow(Base):
    """One reference profile as the search sifts and orders it: a copy, which nobody writes but the triggers.

    ``industry_key`` and ``region_key`` are the company's in small letters; ``is_found`` tells that the profile is active and visible.
    ``names`` (person, title, company) are looked through only for those who may see them, ``words`` (industry, story, results, products, use
    cases, what they used before) for all. Newest verified come first where all else is equal, so that no order of numbers tires the same few.
    """

    __tablename__ = "finding_row"
    __table_args__ = (
        Index("ix_finding_row_all", "is_found", "industry_key", "region_key", "size", "verified_at", "person_id"),
        Index("ix_finding_row_place", "is_found", "industry_key", "region_key", "verified_at", "person_id"),
        Index("ix_finding_row_industry", "is_found", "industry_key", "verified_at", "person_id"),
        Index("ix_finding_row_region", "is_found", "region_key", "verified_at", "person_id"),
        Index("ix_finding_row_size", "is_found", "size", "verified_at", "person_id"),
        Index("ix_finding_row_verified", "is_found", "verified_at", "person_id"),
        Index(None, "company_id"),
    )

    person_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    company_id: Mapped[int | None] = mapped_column(BigId)
    industry_key: Mapped[str] = mapped_column(String(120))
    region_key: Mapped[str] = mapped_column(String(120))
    size: Mapped[str] = mapped_column(String(40))
    tier: Mapped[int]
    is_found: Mapped[bool]
    verified_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    names: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)


COLUMNS = ("company_id", "industry_key", "region_key", "size", "tier", "is_found", "verified_at", "names", "words")
_WORDS = {
    "sqlite": "(SELECT group_concat(s.word, ' ') FROM (SELECT w.word FROM profile_word w WHERE w.person_id = p.person_id AND "
    "w.kind IN ('product', 'use_case', 'replaced') ORDER BY w.kind, w.key) s)",
    "postgresql": "(SELECT string_agg(w.word, ' ' ORDER BY w.kind, w.key) FROM profile_word w WHERE w.person_id = p.person_id AND "
    "w.kind IN ('product', 'use_case', 'replaced'))",
}


def rows_sql(engine: str, chosen: str) -> str:
    """Return the select that makes rows of profiles (``p``), their persons (``h``) and companies (``c``) where ``chosen`` holds."""
    return (
        "SELECT p.person_id, h.company_id, lower(coalesce(c.industry, '')), lower(coalesce(c.region, '')), coalesce(c.size, ''), p.tier, "  # noqa: S608
        "(p.status = 'active' AND p.is_visible), p.verified_at, "
        "replace(h.name || ' ' || h.title || ' ' || coalesce(c.name, ''), 'ß', 'ss'), "
        f"replace(coalesce(c.industry, '') || ' ' || p.story || ' ' || p.results || ' ' || coalesce({_WORDS[engine]}, ''), 'ß', 'ss') "
        f"FROM reference_profile p JOIN person h ON h.id = p.person_id LEFT JOIN company c ON c.id = h.company_id WHERE {chosen}"
    )


def refresh_sql(engine: str, chosen: str) -> str:
    """Return the statement that writes those rows, new or anew."""
    changed = ", ".join(f"{column} = excluded.{column}" for column in COLUMNS)
    into = f"INSERT INTO finding_row (person_id, {', '.join(COLUMNS)}) "
    return f"{into}{rows_sql(engine, chosen)} ON CONFLICT (person_id) DO UPDATE SET {changed}"


_WRITTEN = {
    "reference_profile": ("status", "is_visible", "tier", "story", "results", "verified_at"),
    "person": ("name", "title", "company_id"),
    "company": ("name", "industry", "region", "size"),
}
"""Of which columns a change is a change of a row."""


def indexed_sql(table: str, row_id: str, columns: tuple[str, ...], name: str) -> list[str]:
    """Return, for SQLite, the full-text index ``name`` over ``columns`` of a table, and the triggers that keep it.

    The text itself stays in the table alone. Case and accents are folded by the tokenizer.
    """
    listed = ", ".join(columns)
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    differs = " OR ".join(f"OLD.{column} <> NEW.{column}" for column in columns)
    forget = f"INSERT INTO {name} ({name}, rowid, {listed}) VALUES ('delete', OLD.{row_id}, {old})"  # noqa: S608
    learn = f"INSERT INTO {name} (rowid, {listed}) VALUES (NEW.{row_id}, {new})"  # noqa: S608
    told = f"content='{table}', content_rowid='{row_id}', tokenize='unicode61 remove_diacritics 2', prefix='2 3'"
    return [
        f"CREATE VIRTUAL TABLE {name} USING fts5({listed}, {told})",
        f"CREATE TRIGGER {name}_came AFTER INSERT ON {table} BEGIN {learn}; END",
        f"CREATE TRIGGER {name}_changed AFTER UPDATE ON {table} WHEN {differs} BEGIN {forget}; {learn}; END",
        f"CREATE TRIGGER {name}_left AFTER DELETE ON {table} BEGIN {forget}; END",
    ]


def _sqlite() -> list[str]:
    of = "p.person_id = {row}.person_id"
    refresh = {row: refresh_sql("sqlite", of.format(row=row)) for row in ("NEW", "OLD")}
    by = {
        "reference_profile": refresh["NEW"],
        "person": refresh_sql("sqlite", "p.person_id = NEW.id"),
        "company": refresh_sql("sqlite", "h.company_id = NEW.id"),
    }
    found = [
        f"CREATE TRIGGER finding_row_profile_came AFTER INSERT ON reference_profile BEGIN {refresh['NEW']}; END",
        "CREATE TRIGGER finding_row_profile_left AFTER DELETE ON reference_profile "
        "BEGIN DELETE FROM finding_row WHERE person_id = OLD.person_id; END",
    ]
    found += [
        f"CREATE TRIGGER finding_row_{table}_changed AFTER UPDATE OF {', '.join(columns)} ON {table} BEGIN {by[table]}; END"
        for table, columns in _WRITTEN.items()
    ]
    for what, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        found.append(f"CREATE TRIGGER finding_row_word_{what.lower()} AFTER {what} ON profile_word BEGIN {refresh[row]}; END")
    return found + indexed_sql("finding_row", "person_id", ("names", "words"), "finding_words")


FOLD = (
    "CREATE OR REPLACE FUNCTION finding_fold(typed text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT regexp_replace("
    "lower(regexp_replace(normalize(typed, NFKD), '[\\u0300-\\u036f]', '', 'g')), '[^[:alnum:]]+', ' ', 'g') $$"
)
"""Folding as the tokenizer of SQLite does it, before the parser of PostgreSQL makes addresses, numbers and paths of what people write."""
WORDS_OF_ROWS = "vector"
"""A column that PostgreSQL keeps by itself: the words taken apart. To fold and parse a row takes a hundred times as long as to look at it, and
of a word that many tell of rows are looked at, since so the first few hundred are found soonest."""


def _postgresql() -> list[str]:
    locked = "PERFORM 1 FROM finding_row WHERE person_id = whose FOR UPDATE"
    found = [
        FOLD,
        # The row is locked first: two that change one profile at once would else each write what they saw before the other.
        f"CREATE OR REPLACE FUNCTION finding_refresh(whose bigint) RETURNS void LANGUAGE plpgsql AS $$ BEGIN {locked}; "
        f"{refresh_sql('postgresql', 'p.person_id = whose')}; END $$",
        "CREATE OR REPLACE FUNCTION finding_heard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_TABLE_NAME = 'company' THEN PERFORM finding_refresh(h.id) FROM person h JOIN reference_profile p ON p.person_id = h.id "
        "WHERE h.company_id = NEW.id ORDER BY h.id; "
        "ELSIF TG_TABLE_NAME = 'person' THEN PERFORM finding_refresh(NEW.id); "
        "ELSIF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'reference_profile' THEN DELETE FROM finding_row WHERE person_id = OLD.person_id; "
        "ELSIF TG_OP = 'DELETE' THEN PERFORM finding_refresh(OLD.person_id); "
        "ELSE PERFORM finding_refresh(NEW.person_id); END IF; RETURN NULL; END $$",
    ]
    call = "FOR EACH ROW EXECUTE FUNCTION finding_heard()"
    found += [
        f"CREATE TRIGGER finding_row_profile_came AFTER INSERT OR DELETE ON reference_profile {call}",
        f"CREATE TRIGGER finding_row_word AFTER INSERT OR UPDATE OR DELETE ON profile_word {call}",
    ]
    for table, columns in _WRITTEN.items():
        differs = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
        found.append(
            f"CREATE TRIGGER finding_row_{table}_changed AFTER UPDATE OF {', '.join(columns)} ON {table} FOR EACH ROW "
            f"WHEN ({differs}) EXECUTE FUNCTION finding_heard()"
        )
    parsed = "to_tsvector('simple', finding_fold(names || ' ' || words))"
    found.append(f"ALTER TABLE finding_row ADD COLUMN {WORDS_OF_ROWS} tsvector GENERATED ALWAYS AS ({parsed}) STORED")
    return [*found, f"CREATE INDEX ix_finding_row_words ON finding_row USING gin ({WORDS_OF_ROWS})"]


DDL_OF = {"sqlite": _sqlite(), "postgresql": _postgresql()}
for _engine, _statements in DDL_OF.items():
    for _statement in _statements:
        # Of the whole, not of the table: the triggers stand on four others.
        _ddl = DDL(_statement.replace("%", "%%")).execute_if(dialect=_engine)  # type: ignore[no-untyped-call]
        event.listen(Base.metadata, "after_create", _ddl)
