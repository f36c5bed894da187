"""The statement with names: each line of the ledger and the thing it came from. Other rooms tell what their things are called."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from portal.bank.models import Adjustment
from portal.bank.rules.adjusting import REASON_IMPORT_UNDONE, REASON_UNDONE, Category, category_of, reason_code
from portal.bank.rules.statement import WAITED, WAITS, line_name
from portal.kernel.text import like_pattern
from portal.ledger.models import transfer, transfer_note
from portal.ledger.queries.lots import waits_until
from portal.ledger.queries.statement import KEYS, owner_values, select_debts, select_statement
from portal.ledger.rules import PENDING, TransferKind
from portal.people.queries.persons import names
from portal.web.paging import Page, page_by

_BATCH, _DEBTS = 500, 5


@dataclass(frozen=True)
class Named:
    """What a source is called, and where a member and an admin find it.

    ``held`` is what became of points that were held for it: a sentence marked for translation, and the moment of its ``%(day)s``.
    ``earlier`` is, where they may have been held more than once, the transfer of which ``held``, ``pair`` and ``rule`` tell, and what is said of
    those before it.
    ``version`` is the version of the rules under which it was decided, where there are any.
    ``pair`` are the people who approved it: one, or two in their order where it needed two; ``rule`` what ``Rule`` holds, where a rule approved it.
    """

    title: str
    link: str
    admin_link: str
    held: tuple[str, datetime | None] | None = None
    version: int | None = None
    pair: tuple[int, ...] = ()
    rule: tuple[Any, ...] | None = None
    earlier: tuple[int, str] | None = None


@dataclass(frozen=True)
class Rule:
    """The rule that decided: how it is called, marked for translation with the parts ``facts``, and where an admin finds it."""

    words: str
    facts: Mapping[str, Any]
    admin_link: str


@dataclass(frozen=True)
class StatementSource:
    """What a room hands over for its lines: the names behind ids, and the ids whose name holds a search term.

    ``describe`` returns what ``Named`` holds, by id; ``rules`` what ``Rule`` holds of rules that decided about some of them, by transfer.
    """

    describe: Callable[[Session, list[int]], Mapping[int, tuple[Any, ...]]]
    matching: Callable[[str], Select[int]]
    rules: Callable[[Session, list[int]], Mapping[int, tuple[Any, ...]]] | None = None


Sources = Mapping[str, StatementSource]


@dataclass(frozen=True)
class StatementLine:
    """One line as people read it. ``what`` is marked for translation, ``what_at`` the moment of its ``%(day)s`` if it has one.

    ``source`` is None where there is none or it is gone. ``by`` is the person who decided, empty where it was none;
    ``rule`` the rule that did instead; ``is_own`` tells that the owner acted.
    """

    transfer_id: int
    recorded_at: datetime
    effective_at: datetime
    what: str
    what_at: datetime | date | None
    points: int
    balance_after: int
    note: str
    by: str
    rule: Rule | None
    is_own: bool
    source: Named | None
    category: Category | None = None
    """What kind of correction by hand it is, if it is one."""
    pair: tuple[str, ...] = ()
    """The names of those who approved it: one, or two in their order where it needed two."""


@dataclass(frozen=True)
class Wanted:
    """Which lines are asked for. ``since`` and ``until`` (excluded) bound when they took effect; ``category`` leaves only such corrections."""

    term: str = ""
    kind: TransferKind | None = None
    category: Category | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_lines(session: Session, person_id: int, wanted: Wanted, sources: Sources, *, after: str | None = None) -> Page:
    """Return a page of a person's statement, newest first."""
    page = page_by(session, _statement(wanted, sources), KEYS, after=after, values=owner_values(person_id))
    return replace(page, rows=_named(session, page.rows, sources))


def find_line(session: Session, person_id: int, transfer_id: int, sources: Sources) -> StatementLine | None:
    """Return one line of a person's statement, or None where it is none of theirs."""
    rows = session.execute(_statement(Wanted(), sources).where(transfer.c.id == transfer_id), owner_values(person_id)).all()
    return next(iter(_named(session, rows, sources)), None)


def debts_of(session: Session, person_id: int, owed: int, sources: Sources) -> list[StatementLine]:
    """Return the last lines that took points into what a person owes, newest first; none, and no query, where ``owed`` is zero."""
    if not owed:
        return []
    rows = session.execute(select_debts().order_by(KEYS[0][0].desc()).limit(_DEBTS), owner_values(person_id)).all()
    return _named(session, rows, sources)


def iter_lines(session: Session, person_id: int, wanted: Wanted, sources: Sources) -> Iterator[StatementLine]:
    """Yield every line of ``list_lines``."""
    found = session.execute(_statement(wanted, sources).order_by(KEYS[0][0].desc()), owner_values(person_id))
    for rows in found.partitions(_BATCH):
        yield from _named(session, rows, sources)


def _statement(wanted: Wanted, sources: Sources) -> Select[*tuple[Any, ...]]:
    statement = select_statement(kind=wanted.kind, since=wanted.since, until=wanted.until)
    if wanted.category:
        statement = statement.where(transfer.c.reason == reason_code(wanted.category))
    return statement.where(_holds(wanted.term, sources)) if wanted.term else statement


def _holds(term: str, sources: Sources) -> Any:
    named = [and_(transfer.c.source_type == kind, transfer.c.source_id.in_(source.matching(term))) for kind, source in sources.items()]
    return or_(transfer_note.c.body.ilike(like_pattern(term), escape="\\"), *named)


def _named(session: Session, rows: Iterable[Any], sources: Sources) -> list[StatementLine]:
    """Put names to lines: two queries for each kind of source at most, one for the people who acted, one for corrections that were undone."""
    found = list(rows)
    named: dict[tuple[str, int], Named] = {}
    rules: dict[int, Rule] = {}
    for kind, source in sources.items():
        ids = sorted({row.source_id for row in found if row.source_type == kind})
        named |= {(kind, thing): Named(*told) for thing, told in source.describe(session, ids).items()}
        by_itself = sorted({row.source_id for row in found if row.source_type == kind and row.actor_id is None})
        if source.rules is not None and by_itself:
            rules |= {paid: Rule(*told) for paid, told in source.rules(session, by_itself).items()}
    pairs = {one for source in named.values() for one in source.pair}
    people = names(session, pairs | {row.actor_id for row in found if row.actor_id is not None})
    until = waits_until(session, [row.transfer_id for row in found if row.kind == TransferKind.HOLD and row.reason == PENDING])
    undone = sorted({row.source_id for row in found if row.reason in (REASON_UNDONE, REASON_IMPORT_UNDONE)})
    asked = select(Adjustment.id, Adjustment.category).where(Adjustment.id.in_(undone))
    sorts = {row.id: Category(row.category) for row in session.execute(asked)} if undone else {}
    told = [(row, named.get((row.source_type, row.source_id)), rules.get(row.transfer_id)) for row in found]
    return [_line(row, source, people, rule, until.get(row.transfer_id), sorts) for row, source, rule in told]


def _line(
    row: Any, source: Named | None, people: Mapping[int, str], rule: Rule | None, until: date | None, sorts: Mapping[int, Category]
) -> StatementLine:
    kind, points = TransferKind(row.kind), int(row.points)
    is_own = row.actor_id is not None and row.actor_id == row.owner_id
    is_earlier = source is not None and source.earlier is not None and source.earlier[0] != row.transfer_id
    if kind is TransferKind.HOLD and source is not None and source.earlier is not None and is_earlier:
        source = replace(source, held=(source.earlier[1], None), pair=(), rule=None)
    by, sort = people.get(row.actor_id, ""), category_of(row.reason)
    if row.reason in (REASON_UNDONE, REASON_IMPORT_UNDONE):
        sort = sorts.get(row.source_id)
    what: str
    at: datetime | date | None
    if row.reason == PENDING:
        what, at = (WAITS, until) if kind is TransferKind.HOLD else (WAITED, None)
    elif kind is TransferKind.HOLD and source is not None and source.held is not None:
        what, at = source.held
    else:
        what, at = line_name(kind, points, row.reason), None
    pair = tuple(people.get(one, "–") for one in source.pair) if source and kind is TransferKind.HOLD else ()
    if rule is None and source is not None and source.rule is not None and kind is TransferKind.HOLD:
        rule = Rule(*source.rule)
    balance, note = int(row.balance_after), row.note or ""
    return StatementLine(row.transfer_id, row.recorded_at, row.effective_at, what, at, points, balance, note, by, rule, is_own, source, sort, pair)
