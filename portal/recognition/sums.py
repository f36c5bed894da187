"""What a company has on a board, kept beside the scores of its people by the database itself.

``company_score`` is, for each company and board, the sum of ``period_score`` over those who stand there by name (``COUNTS``), how many they
are, and when the last of them reached theirs. Triggers keep it, so that whoever writes a score keeps it in the same transaction: an award, a
taking back, counting anew, the end of a season, somebody who leaves the boards, takes a nickname or changes company (the trigger on
``person``). A trigger costs a few microseconds where a statement of ours costs a hundred.

On PostgreSQL what comes and moves is added up when the transaction commits, not before. Every award of one company meets in one row, and
whoever pays several people would hold it while they wait for the next one's accounts, who is being paid by somebody that waits for the row.
At the commit nothing else is waited for, and the row is held as long as the commit takes. The company's own row is taken first, so that two
who move its boards in another order do not meet crosswise. What is deleted is taken off by statement, since the end of a
season removes thousands; what the same transaction moved before is added up first.

A migration that makes ``person`` or ``period_score`` anew on SQLite loses the triggers on it, and must make them again.
"""

_ROW = "company_id = {row}.company_id AND period = {row}.period"


def _counts(row: str) -> str:
    """Return the condition that a score counts for a company: it has one, which a nickname would hide, and the person stands on the board."""
    return f"({row}.company_id IS NOT NULL AND {row}.is_shown AND {row}.score > 0)"


def _left(row: str) -> str:
    """Return since when the rest of a company stands there. Its people are few; of the board's index none is by company."""
    return (
        f"COALESCE((SELECT MIN(s.first_neg) FROM person p JOIN period_score s ON s.member_id = p.id AND s.period = {row}.period "
        f"WHERE p.company_id = {row}.company_id AND s.company_id = {row}.company_id AND s.is_shown AND s.score > 0), company_score.first_neg)"
    )


_SAME = f"({_counts('OLD')} AND {_counts('NEW')} AND OLD.company_id = NEW.company_id)"
_CAME = (
    "INSERT INTO company_score (company_id, period, points, members, first_neg) VALUES (NEW.company_id, NEW.period, NEW.score, 1, NEW.first_neg) "
    "ON CONFLICT (company_id, period) DO UPDATE SET points = company_score.points + excluded.points, members = company_score.members + 1, "
    "first_neg = CASE WHEN excluded.first_neg < company_score.first_neg THEN excluded.first_neg ELSE company_score.first_neg END"
)
_MOVED = (
    "UPDATE company_score SET points = points + NEW.score - OLD.score, first_neg = CASE WHEN NEW.first_neg <= first_neg THEN NEW.first_neg "
    f"WHEN first_neg < OLD.first_neg THEN first_neg ELSE {_left('NEW')} END WHERE {_ROW.format(row='NEW')}"
)
_LAST_LEFT = f"DELETE FROM company_score WHERE {_ROW.format(row='OLD')} AND members = 1"
_LEFT = (
    "UPDATE company_score SET points = points - OLD.score, members = members - 1, "
    f"first_neg = CASE WHEN first_neg < OLD.first_neg THEN first_neg ELSE {_left('OLD')} END WHERE {_ROW.format(row='OLD')}"
)
_FOLLOW = "UPDATE period_score SET company_id = CASE WHEN NEW.board_name IS NULL THEN NEW.company_id END WHERE member_id = NEW.id"
_MOVES = "(OLD.score <> NEW.score OR OLD.first_neg <> NEW.first_neg)"
_WHEN = {
    "came": ("INSERT", _counts("NEW")),
    "joined": ("UPDATE", f"{_counts('NEW')} AND NOT {_SAME}"),
    "moved": ("UPDATE", f"{_SAME} AND {_MOVES}"),
    "left": ("UPDATE", f"{_counts('OLD')} AND NOT {_SAME}"),
    "gone": ("DELETE", _counts("OLD")),
}
_DOES = {"came": (_CAME,), "joined": (_CAME,), "moved": (_MOVED,), "left": (_LAST_LEFT, _LEFT), "gone": (_LAST_LEFT, _LEFT)}
_PERSON = "AFTER UPDATE OF company_id, board_name ON person"


def _sqlite() -> list[str]:
    made = [
        f"CREATE TRIGGER company_score_{name} AFTER {event} ON period_score WHEN {when} BEGIN {'; '.join(_DOES[name])}; END"
        for name, (event, when) in _WHEN.items()
    ]
    differs = "OLD.company_id IS NOT NEW.company_id OR (OLD.board_name IS NULL) <> (NEW.board_name IS NULL)"
    return [*made, f"CREATE TRIGGER company_score_person {_PERSON} WHEN {differs} BEGIN {_FOLLOW}; END"]


def _function(name: str, *statements: str) -> str:
    body = " ".join(f"{statement};" for statement in statements)
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"


def _postgresql() -> list[str]:
    gone = f"SELECT company_id, period, SUM(score) AS points, COUNT(*) AS members, MIN(first_neg) AS first_neg FROM gone WHERE {_counts('gone')}"
    gone = f"({gone} GROUP BY company_id, period) AS g"
    same = "company_score.company_id = g.company_id AND company_score.period = g.period"
    made = [
        _function(
            f"company_score_{name}",
            f"PERFORM 1 FROM company WHERE id = {'OLD' if name == 'left' else 'NEW'}.company_id FOR NO KEY UPDATE",
            *_DOES[name],
        )
        for name in ("came", "moved", "left")
    ]
    made.append(
        _function(
            "company_score_gone",
            "SET CONSTRAINTS company_score_came, company_score_joined, company_score_left, company_score_moved IMMEDIATE",
            f"PERFORM 1 FROM company WHERE id IN (SELECT company_id FROM gone WHERE {_counts('gone')}) ORDER BY id FOR NO KEY UPDATE",
            f"DELETE FROM company_score USING {gone} WHERE {same} AND company_score.members = g.members",
            "UPDATE company_score SET points = company_score.points - g.points, members = company_score.members - g.members, first_neg = CASE "
            "WHEN company_score.first_neg < g.first_neg THEN company_score.first_neg "
            f"ELSE {_left('company_score')} END FROM {gone} WHERE {same}",
        )
    )
    made.append(_function("company_score_person", _FOLLOW))
    for name, (event, when) in _WHEN.items():
        if event == "DELETE":
            continue
        function = "came" if name == "joined" else name
        made.append(
            f"CREATE CONSTRAINT TRIGGER company_score_{name} AFTER {event} ON period_score DEFERRABLE INITIALLY DEFERRED "
            f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION company_score_{function}()"
        )
    made.append(
        "CREATE TRIGGER company_score_gone AFTER DELETE ON period_score REFERENCING OLD TABLE AS gone "
        "FOR EACH STATEMENT EXECUTE FUNCTION company_score_gone()"
    )
    differs = "OLD.company_id IS DISTINCT FROM NEW.company_id OR (OLD.board_name IS NULL) <> (NEW.board_name IS NULL)"
    made.append(f"CREATE TRIGGER company_score_person {_PERSON} FOR EACH ROW WHEN ({differs}) EXECUTE FUNCTION company_score_person()")
    return made


KEPT = {"sqlite": _sqlite(), "postgresql": _postgresql()}
"""Per engine, the statements that make the triggers: used by models, and copied into the migration."""
