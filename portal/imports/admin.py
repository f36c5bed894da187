"""Import pages: upload, say what the columns mean, look at what would happen, run it in the background, undo it."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.files.actions import erase_file, store_upload
from portal.files.receiving import Received
from portal.files.uploads import storage, take_in
from portal.imports import jobs
from portal.imports.actions.batches import drop_batch, save_plan, start_batch, upload_batch
from portal.imports.actions.undoing import start_undo
from portal.imports.contract import Importer
from portal.imports.forms import ImportFilter, MappingForm, UploadForm, answered, mapping_form, plan_of
from portal.imports.models import ImportBatch
from portal.imports.queries import all_batches, counts_of, differences_of, get_batch, kept_rows, known_values, list_batches, progress, reported_rows
from portal.imports.rules.plans import Plan, complete, guess, plan_from
from portal.imports.rules.reading import questions_of, unanswered
from portal.imports.rules.records import OUTCOME_NAMES, STATE_NAMES, UNSTARTED, BatchState, Outcome
from portal.imports.rules.reports import HEADER, Report
from portal.imports.rules.tables import DELIMITER_NAMES, Table, read_head
from portal.imports.uploads import head_of
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.web.errors import sentence
from portal.web.exports import csv_response
from portal.web.guards import admin, current_actor
from portal.web.language import number
from portal.web.templating import render, render_fragment
from portal.web.transaction import db, writes

bp = Blueprint("imports_admin", __name__, url_prefix="/admin/imports")
COLUMNS = ["batch", "kind", "source", "file", "state", "rows", *[outcome.value for outcome in Outcome], "created_at", "finished_at"]
SHOWN_REPORTS, SAMPLE_ROWS = 50, 5
DIFFERENCES = ("line", "external_id", "field", "before", "after", "is_kept")
UNDER_WAY = (BatchState.CHECKING, BatchState.RUNNING, BatchState.UNDOING)


@bp.get("")
@admin
def index() -> Any:
    """Every import, newest first."""
    form = ImportFilter(request.args)
    form.offer(_importers())
    asked = form.values()
    if request.args.get("format") == "csv":
        return csv_response("imports.csv", COLUMNS, (_listed(batch) for batch in all_batches(db(), **asked)))
    page = list_batches(db(), **asked, after=request.args.get("after"))
    titles = {importer.name: importer.title for importer in _importers()}
    return render("imports/index.html", page=page, form=form, asked=asked, titles=titles, states=STATE_NAMES, progress=progress)


@bp.get("/new")
@admin
def new() -> str:
    """Choose a file; an address may say what is in it (``kind``)."""
    form, kind = _upload_form(), request.args.get("kind")
    if kind in {importer.name for importer in _importers()}:
        form.kind.data = kind
    return _upload_page(form)


def _upload_again(refusal: Refusal) -> tuple[str, int]:
    form = _upload_form()
    form.validate()
    form.refuse(refusal)
    return _upload_page(form), 422


def _received() -> tuple[Received, Table] | None:
    """Take the file of a whole form in, before the unit of work, and read its first rows; refuses what begins like no table."""
    form = _upload_form()
    if not form.validate():
        return None
    head = read_head(form.file.data.stream)
    form.file.data.stream.seek(0)
    received = take_in(form.file.data, "import")
    return (received, head) if received else None


@bp.post("/new")
@admin
@writes(first=_received, again=_upload_again)
def upload(ready: tuple[Received, Table] | None) -> Any:
    """Keep the file and guess what its columns mean."""
    form, actor, now = _upload_form(), current_actor(), utcnow()
    if not form.validate() or ready is None:
        return _upload_page(form), 422
    received, head = ready
    importer = _importer(form.kind.data)
    file = store_upload(db(), actor, received=received, owner_id=actor.id, now=now)
    plan = Plan(columns=guess(importer.fields, head.header))
    batch = upload_batch(db(), actor, kind=importer.name, source=form.source.data, filename=file.filename, file_id=file.id, plan=plan, now=now)
    return redirect(url_for(".mapping", batch_id=batch.id), 303)


@bp.get("/<int:batch_id>/mapping")
@admin
def mapping(batch_id: int) -> Any:
    """Say what the columns mean."""
    batch = get_batch(db(), batch_id)
    if batch.state not in UNSTARTED:
        return redirect(url_for(".show", batch_id=batch_id), 303)
    plan, importer = plan_from(batch.plan), _importer(batch.kind)
    table, questions = _asked(batch, plan.columns)
    form = mapping_form(importer.fields, table.header, questions, plan)
    if refused := (batch.preview or {}).get("refused"):
        form.form_errors.append(_translate(refused["message"], refused["facts"]))
    return _mapping_page(batch, table, form, questions)


def _mapping_again(refusal: Refusal, batch_id: int) -> tuple[str, int]:
    batch = get_batch(db(), batch_id)
    importer = _importer(batch.kind)
    table, questions = _asked(batch, _chosen(importer))
    form = mapping_form(importer.fields, table.header, questions, plan_from(batch.plan))
    form.validate()
    form.refuse(refusal)
    return _mapping_page(batch, table, form, questions), 422


def _read(batch_id: int) -> tuple[Table, dict[str, list[str]]]:
    """Read the head of the file before the unit of work. The rest is read by the worker."""
    batch = get_batch(db(), batch_id)
    return _asked(batch, _chosen(_importer(batch.kind)))


@bp.post("/<int:batch_id>/mapping")
@admin
@writes(first=_read, again=_mapping_again)
def save_mapping(batch_id: int, ready: tuple[Table, dict[str, list[str]]]) -> Any:
    """Keep the mapping; ask for the meaning of values if there are some, else have every row checked."""
    batch = get_batch(db(), batch_id)
    importer, (table, questions) = _importer(batch.kind), ready
    form = mapping_form(importer.fields, table.header, questions, plan_from(batch.plan))
    is_whole = answered(list(request.form), questions)
    if is_whole and not form.validate():
        return _mapping_page(batch, table, form, questions), 422
    plan = plan_of(form, importer.fields, questions)
    complete(plan, importer.fields, table.header)
    save_plan(db(), batch_id=batch_id, plan=plan, is_whole=is_whole)
    if not is_whole:
        flash(_("One more thing: say what these values mean."), "info")
        return redirect(url_for(".mapping", batch_id=batch_id, _anchor="values"), 303)
    jobs.promise(db(), jobs.CHECK, batch_id, utcnow())
    return redirect(url_for(".show", batch_id=batch_id), 303)


@bp.get("/<int:batch_id>")
@admin
def show(batch_id: int) -> Any:
    """How a batch stands: what would happen, how far it is, what came of it. The page asks again by itself, and opens anew at the end."""
    batch = get_batch(db(), batch_id)
    if batch.state not in UNDER_WAY and request.headers.get("HX-Target") == "standing":
        return Response(headers={"HX-Refresh": "true"})
    if batch.state == BatchState.DRAFT:
        return redirect(url_for(".mapping", batch_id=batch_id), 303)
    counts = batch.counts or counts_of(db(), batch_id)
    reports = [Report(row.line, row.external_id, row.outcome, row.faults) for row in reported_rows(db(), batch_id, SHOWN_REPORTS)]
    importer = _importer(batch.kind)
    kept = kept_rows(db(), batch_id, SHOWN_REPORTS) if batch.state == BatchState.UNDONE else []
    found = differences_of(db(), batch_id, importer, SHOWN_REPORTS + 1) if batch.state in (BatchState.DONE, BatchState.UNDONE) else []
    return render_fragment(
        "imports/show.html",
        "standing",
        batch=batch,
        importer=importer,
        counts=counts,
        reports=reports,
        kept_rows=[Report(row.line, row.external_id, row.outcome, row.faults[-1:]) for row in kept],
        differences=[one.plain() for one in found[:SHOWN_REPORTS]],
        differing=len(found),
        left_alone=sum(one.is_kept for one in found),
        previewed=_previewed(batch),
        under_way=batch.state in UNDER_WAY,
        percent=progress(batch),
        states=STATE_NAMES,
        outcomes=OUTCOME_NAMES,
        translate=_translate,
    )


def _stand(refusal: Refusal, batch_id: int) -> Response:
    flash(sentence(refusal), "info")
    return redirect(url_for(".show", batch_id=batch_id), 303)


@bp.post("/<int:batch_id>/run")
@admin
@writes(again=_stand)
def run(batch_id: int) -> Response:
    """Import what was checked, in the background."""
    now = utcnow()
    start_batch(db(), current_actor(), batch_id=batch_id, now=now)
    jobs.promise(db(), jobs.RUN, batch_id, now)
    flash(_("The import runs. You can leave this page and come back."), "good")
    return redirect(url_for(".show", batch_id=batch_id), 303)


@bp.post("/<int:batch_id>/undo")
@admin
@writes(again=_stand)
def undo(batch_id: int) -> Response:
    """Take the import back, in the background."""
    now = utcnow()
    start_undo(db(), current_actor(), batch_id=batch_id, now=now)
    jobs.promise(db(), jobs.UNDO, batch_id, now)
    flash(_("The import is being undone."), "good")
    return redirect(url_for(".show", batch_id=batch_id), 303)


@bp.post("/<int:batch_id>/drop")
@admin
@writes(again=_stand)
def drop(batch_id: int) -> Response:
    """Throw an upload away that was never imported."""
    actor, now = current_actor(), utcnow()
    file_id = drop_batch(db(), actor, batch_id=batch_id, now=now)
    erase_file(db(), actor, file_id=file_id, now=now, storage=storage())
    flash(_("The file was thrown away. Nothing was imported."), "good")
    return redirect(url_for(".index"), 303)


@bp.get("/<int:batch_id>/errors.csv")
@admin
def errors(batch_id: int) -> Response:
    """Every row that was not imported, with its line and why."""
    get_batch(db(), batch_id)
    reports = (Report(row.line, row.external_id, row.outcome, row.faults) for row in reported_rows(db(), batch_id))
    return csv_response(f"import-{batch_id}-errors.csv", HEADER, (row for report in reports for row in report.rows(_translate)))


@bp.get("/<int:batch_id>/differences.csv")
@admin
def differences(batch_id: int) -> Response:
    """Every field that the import changed, or left as somebody entered it."""
    importer = _importer(get_batch(db(), batch_id).kind)
    rows = (one.plain() for one in differences_of(db(), batch_id, importer))
    return csv_response(f"import-{batch_id}-differences.csv", DIFFERENCES, ([row[name] for name in DIFFERENCES] for row in rows))


def _upload_form() -> UploadForm:
    form = UploadForm()
    form.offer(_importers())
    return form


def _upload_page(form: UploadForm) -> str:
    importers = sorted(_importers(), key=lambda importer: importer.name != form.kind.data)  # what is chosen is explained first
    return render("imports/new.html", form=form, importers=importers)


def _mapping_page(batch: ImportBatch, table: Table, form: MappingForm, questions: dict[str, list[str]]) -> str:
    delimiter = DELIMITER_NAMES.get(table.delimiter)
    return render(
        "imports/mapping.html",
        batch=batch,
        importer=_importer(batch.kind),
        table=table,
        sample=[row for _, row in table.rows[:SAMPLE_ROWS]],
        form=form,
        questions=questions,
        delimiter=_(delimiter) if delimiter else table.delimiter,
        is_asked_again=batch.state == BatchState.DRAFT and known_values(batch) and unanswered(plan_from(batch.plan), questions),
    )


def _chosen(importer: Importer) -> dict[str, str]:
    """Return the columns that the sent form maps."""
    return {f.name: request.form.get(f"column_{f.name}", "") for f in importer.fields}


def _previewed(batch: ImportBatch) -> list[Report]:
    found = (batch.preview or {}).get("reports", [])
    return [Report(row["line"], row["external_id"], row["outcome"], row["faults"]) for row in found]


def _listed(batch: ImportBatch) -> list[Any]:
    counts = batch.counts or {}
    told = [counts.get(outcome.value) for outcome in Outcome]
    return [batch.id, batch.kind, batch.source, batch.filename, batch.state, batch.rows_total, *told, batch.created_at, batch.finished_at]


def _asked(batch: ImportBatch, columns: Mapping[str, str]) -> tuple[Table, dict[str, list[str]]]:
    """Return the head of the file, and the values that need a meaning: those in it, or all of the file where a check has found them."""
    head = head_of(db(), batch, storage())
    return head, questions_of(head, _importer(batch.kind).fields, columns, known_values(batch))


def _translate(message: str, facts: Any) -> str:
    return str(_(message, **{name: number(fact) if type(fact) is int else fact for name, fact in facts.items()}))


def _importers() -> list[Importer]:
    found: list[Importer] = current_app.extensions["importers"]
    return found


def _importer(kind: str) -> Importer:
    found = next((importer for importer in _importers() if importer.name == kind), None)
    if found is None:
        raise NotFound()
    return found
