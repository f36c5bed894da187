"""Triggers that keep rows as they were written."""


def fixed_ddl(table: str, columns: str) -> dict[str, list[str]]:
    """Return the triggers that keep ``columns`` of ``table`` as written and its rows in place.

    Unlike the ledger's tables some columns may change: an attempt gets its verdict, and free text
    must be erasable when a person asks for it.
    """
    sqlite = [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    ]
    postgresql = [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    ]
    return {"sqlite": sqlite, "postgresql": postgresql}
