"""What both doors of this room show of a statement: its page, and its files to keep (CSV, Excel, PDF) with all lines that fit the filter."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from flask import Response, current_app, request
from flask_babel import gettext as _

from portal.bank.forms import StatementFilter
from portal.bank.queries.disputes import disputes_at
from portal.bank.queries.statement import Sources, StatementLine, Wanted, debts_of, iter_lines, list_lines
from portal.bank.rules.adjusting import CATEGORY_NAMES, Category
from portal.bank.rules.statement import dotted, months_between
from portal.bank.rules.terms import SOON
from portal.kernel.clock import end_of_day, local_date, start_of_day, utcnow
from portal.ledger.lots import end_of_month
from portal.ledger.queries.balances import balance_of
from portal.ledger.queries.lots import lapsing, waiting
from portal.ledger.queries.statement import first_line_at
from portal.ledger.rules import TransferKind
from portal.people.queries.persons import get_person
from portal.web.exports import csv_response, xlsx_response
from portal.web.language import day, month, number, signed
from portal.web.transaction import db

HEADER = ("booked", "counts_from", "what", "for", "version", "points", "balance_after", "note", "by", "category")


def shown_statement(person_id: int) -> dict[str, Any]:
    """Return what the template of a statement needs."""
    form = _filter(person_id)
    filters, sources, balance = form.values(), statement_sources(), balance_of(db(), person_id)
    found = list_lines(db(), person_id, wanted_lines(filters), sources, after=request.args.get("after"))
    told = {"what_of": what_of, "decided_by": decided_by, "version_of": version_of, "category_of": category_of, "dotted": dotted}
    lots = {"expiring": lapsing(db(), person_id, _days_from_now(0)), "waiting": waiting(db(), person_id), "soon": _days_from_now(SOON)}
    said = {"disputes": disputes_at(db(), [line.transfer_id for line in found]), "debts": debts_of(db(), person_id, balance.owed, sources)}
    return {"found": found, "form": form, "filters": filters, "balance": balance, **told, **lots, **said}


def _days_from_now(days: int) -> date:
    zone: str = current_app.config["SETTINGS"].time_zone
    return local_date(utcnow(), zone) + timedelta(days=days)


def wanted_lines(filters: Mapping[str, Any]) -> Wanted:
    """Return the filter of the address; days are days of the programme. A month and days hold together."""
    zone: str = current_app.config["SETTINGS"].time_zone
    since, until, kind, category = (filters.get(name) for name in ("since", "until", "kind", "category"))
    if "month" in filters:
        first = date.fromisoformat(f"{filters['month']}-01")
        since, until = max(first, since or first), min(end_of_month(first, 0), until or date.max)
    return Wanted(
        term=filters.get("q", ""),
        kind=TransferKind(kind) if kind else None,
        category=Category(category) if category else None,
        since=start_of_day(since, zone) if since else None,
        until=end_of_day(until, zone) if until else None,
    )


def statement_sources() -> Sources:
    """Return what other rooms handed over for their lines."""
    found: Sources = current_app.extensions["statement_sources"]
    return found


def what_of(line: StatementLine) -> str:
    """Return what happened, in the reader's language."""
    return str(_(line.what, day=day(line.what_at)) if line.what_at else _(line.what))


def decided_by(line: StatementLine) -> str:
    """Return who decided, in the reader's language: a person, a rule, or the portal."""
    if len(line.pair) == 1:
        return line.pair[0]
    if line.pair:
        return str(_("%(first)s and %(second)s", first=line.pair[0], second=line.pair[1]))
    if line.rule:
        facts = {name: number(fact) if isinstance(fact, int) else fact for name, fact in line.rule.facts.items()}
        return str(_(line.rule.words, **facts))
    return line.by or str(_("the portal"))


def version_of(line: StatementLine) -> str:
    """Return under which version of its challenge it was decided, in the reader's language; empty where there is none."""
    return str(_("version %(number)s", number=line.source.version)) if line.source and line.source.version else ""


def category_of(line: StatementLine) -> str:
    """Return what kind of correction by hand a line is, in the reader's language; empty for any other."""
    return str(_(CATEGORY_NAMES[line.category])) if line.category else ""


def _filter(person_id: int) -> StatementFilter:
    """Return the filter with the months since the first line of somebody's statement, whether it gave points or took some."""
    form, today, zone = StatementFilter(request.args), _days_from_now(0), current_app.config["SETTINGS"].time_zone
    began = first_line_at(db(), person_id)
    first = local_date(began, zone) if began else today
    months = months_between(first, today)
    form.month.choices = [("", _("Any"), {}), *[(f"{one:%Y-%m}", month(one, "LLLL y"), {}) for one in months]]
    if months and first < months[-1]:
        form.month.choices.append(("", _("Older ones: by From and Until"), {"disabled": True}))
    return form


def _lines(person_id: int) -> Iterator[StatementLine]:
    return iter_lines(db(), person_id, wanted_lines(_filter(person_id).values()), statement_sources())


def _csv(person_id: int, name: str) -> Response:
    return csv_response(f"{name}.csv", HEADER, ([_written(cell) for cell in _cells(line)] for line in _lines(person_id)))


def _xlsx(person_id: int, name: str) -> Response:
    return xlsx_response(f"{name}.xlsx", HEADER, (_cells(line) for line in _lines(person_id)))


def _pdf(person_id: int, name: str) -> Response:
    from portal.web.documents import Column, pdf_response  # only here: it takes 20 MB, and most processes never write such a file

    balance = balance_of(db(), person_id)
    said = [_("You can spend %(points)s %(unit)s.", points=number(balance.available), unit=current_app.config["SETTINGS"].brand_points)]
    if balance.held:
        said.append(_("%(points)s are held.", points=number(balance.held)))
    if balance.owed:
        said.append(_("%(owed)s are owed and are paid first by what you earn next.", owed=number(balance.owed)))
    form = _filter(person_id)
    if asked := form.values():
        said.append(_("Only lines that fit: %(filters)s.", filters="; ".join(_named(form, name, value) for name, value in asked.items())))
    columns = [Column(_("Day"), 13), Column(_("What"), 44), Column(_("Decided by"), 19)]
    columns += [Column(_("Points"), 11, is_number=True), Column(_("Balance"), 13, is_number=True)]
    title = _("Statement of %(name)s", name=get_person(db(), person_id).name)
    return pdf_response(f"{name}.pdf", title=title, said=said, columns=columns, rows=(_printed(line) for line in _lines(person_id)))


def _named(form: StatementFilter, name: str, value: Any) -> str:
    """Return a filter as the form names it, in the reader's language."""
    offered = {choice[0]: choice[1] for choice in getattr(form[name], "choices", None) or ()}
    said = day(value) if isinstance(value, date) else str(offered.get(value, value))
    return str(_("%(label)s: %(value)s", label=form[name].label.text, value=said))


FILES: Mapping[str | None, Callable[[int, str], Response]] = {"csv": _csv, "xlsx": _xlsx, "pdf": _pdf}
"""How to answer with the statement of a person as a file of the kind that an address asks for, under a name without its ending."""


def _cells(line: StatementLine) -> tuple[Any, ...]:
    title, version = (line.source.title, line.source.version) if line.source else ("", None)
    told = (what_of(line), title, version, line.points, line.balance_after, line.note, decided_by(line), category_of(line))
    return line.recorded_at, line.effective_at, *told


def _written(cell: Any) -> Any:
    return cell.isoformat(timespec="seconds") if hasattr(cell, "isoformat") else cell


def _printed(line: StatementLine) -> tuple[str, ...]:
    why = [line.source.title if line.source else "", what_of(line), category_of(line), line.note, version_of(line)]
    balance = signed(line.balance_after) if line.balance_after < 0 else number(line.balance_after)
    return day(line.effective_at), " · ".join(dotted(why)), decided_by(line), signed(line.points), balance
