"""Admins' pages of the code vault: how many codes each reward has, imports, and taking one back. No page here knows a code."""

from contextlib import closing
from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.imports.rules.refusals import ImportRefused
from portal.imports.rules.tables import read_table
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.text import clean_line
from portal.people.queries.persons import names
from portal.rewards.actions import codes
from portal.rewards.actions.card_terms import set_low_balance
from portal.rewards.admin.desk import NAMES as DESK_NAMES
from portal.rewards.admin.rewards import bp
from portal.rewards.forms.codes import CodesForm, LowForm
from portal.rewards.forms.deciding import PlainForm
from portal.rewards.models.offering import Reward
from portal.rewards.queries.cards import balance_at_provider, low_balance_of, running_low, spare_cards, vault_rewards
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.rules.cards import FileMissing, Source, low_at, reward_on, shelf_of, source_of
from portal.vault.models import CodeBatch
from portal.vault.queries import batches_of, counts_of, find_batch, lapsing_on, unused_in
from portal.vault.rules import FAULT_NAMES, MOST_BYTES, MOST_CODES, SOON_DAYS, Fault, FileTooLarge, Read, read_cards
from portal.web.guards import admin, current_actor
from portal.web.language import number
from portal.web.templating import render
from portal.web.transaction import db, writes

NAMES: dict[str, Any] = DESK_NAMES | {"fault_names": {fault.value: name for fault, name in FAULT_NAMES.items()}, "low_at": low_at}
NAMES |= {"source_of": source_of, "sources": Source}


@bp.get("/codes")
@admin
def codes_overview() -> ResponseReturnValue:
    """All rewards of which the vault has codes, with their counts; spare cards; what runs low; the provider's balance."""
    return _overview(LowForm.of(low_balance_of(db())))


def _low_again(refusal: Refusal) -> ResponseReturnValue:
    form = LowForm()
    form.validate()
    form.refuse(refusal, lambda: LowForm.of(low_balance_of(db())))
    return _overview(form), refusal.status


@bp.post("/codes/low")
@admin
@writes(again=_low_again)
def low_balance() -> ResponseReturnValue:
    """Say below which balance the provider's is low."""
    form = LowForm()
    if not form.validate():
        return _overview(form), 422
    set_low_balance(db(), current_actor(), cents=form.low.cents, seen=form.seen.data, now=utcnow())
    flash(_("Saved. It holds from the next time the provider is asked, within half an hour."), "good")
    return redirect(url_for("rewards_admin.codes_overview"), 303)


def _overview(form: LowForm) -> str:
    found = vault_rewards(db(), after=request.args.get("after"))
    counts = counts_of(db(), [shelf_of(reward.id) for reward in found])
    shown = {"counts": {reward.id: counts[shelf_of(reward.id)] for reward in found}, "running": running_low(db(), utcnow())}
    shown["spares"] = spare_cards(db())
    shown["balance"] = balance_at_provider(db()) if db().info.get("has_card_provider") else None
    return render("rewards/admin/vault.html", form=form, found=found, has_provider=bool(db().info.get("has_card_provider")), **shown, **NAMES)


@bp.get("/<int:reward_id>/codes")
@admin
def reward_codes(reward_id: int) -> ResponseReturnValue:
    """The codes of one reward: how many stand where, the imports, and the form for a new one."""
    return _codes(reward_id, CodesForm(formdata=None))


@bp.post("/<int:reward_id>/codes")
@admin
@writes(first=lambda reward_id: _read(CodesForm()), again=lambda refusal, reward_id: _codes_again(refusal, reward_id))
def import_codes(reward_id: int, ready: Read) -> ResponseReturnValue:
    """Keep a list of codes, sealed, until it is confirmed."""
    form = CodesForm()
    if not form.validate():
        return _codes(reward_id, form), 422
    filename = clean_line(form.upload.data.filename)[:120] or _("A list")
    batch = codes.import_codes(db(), current_actor(), reward_id=reward_id, filename=filename, key=form.key.data or "", read=ready, now=utcnow())
    return redirect(url_for("rewards_admin.code_batch", code_batch_id=batch.id), 303)


@bp.get("/codes/imports/<int:code_batch_id>")
@admin
def code_batch(code_batch_id: int) -> ResponseReturnValue:
    """One import: what it would bring before it is confirmed, what became of it afterwards."""
    return _batch(code_batch_id, PlainForm(formdata=None))


@bp.post("/codes/imports/<int:code_batch_id>/confirm")
@admin
@writes(again=lambda refusal, code_batch_id: _batch_again(refusal, code_batch_id))
def confirm_codes(code_batch_id: int) -> ResponseReturnValue:
    """Put an import on the shelf."""
    reward, batch = _of(code_batch_id)
    added = codes.confirm_codes(db(), current_actor(), reward_id=reward.id, batch_id=batch.id, now=utcnow())
    flash(ngettext("%(n)s code is in the vault now.", "%(n)s codes are in the vault now.", added, n=number(added)), "good")
    return redirect(url_for("rewards_admin.reward_codes", reward_id=reward.id), 303)


@bp.post("/codes/imports/<int:code_batch_id>/remove")
@admin
@writes(again=lambda refusal, code_batch_id: _batch_again(refusal, code_batch_id))
def remove_codes(code_batch_id: int) -> ResponseReturnValue:
    """Take what is unused of an import out of the vault."""
    reward, batch = _of(code_batch_id)
    removed = codes.remove_codes(db(), current_actor(), reward_id=reward.id, batch_id=batch.id, now=utcnow())
    told = ngettext("%(n)s unused code was taken out of the vault.", "%(n)s unused codes were taken out of the vault.", removed, n=number(removed))
    flash(told, "good")
    return redirect(url_for("rewards_admin.reward_codes", reward_id=reward.id), 303)


def _read(form: CodesForm) -> Read:
    """Read the list before the unit of work.

    Refuses: FileMissing, FileTooLarge, ListTooLarge, NoCodeColumn, and what is no table, on the field of the file.
    """
    if not form.upload.data:
        raise FileMissing()
    with closing(form.upload.data) as file:
        content = file.stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise FileTooLarge(most=MOST_BYTES // 1_000_000)
    try:
        table = read_table(content)
    except ImportRefused as refusal:
        refusal.field = "upload"
        raise
    return read_cards(table.header, table.rows, [line for line, _fault in table.broken], today=_today())


def _today() -> date:
    return local_date(utcnow(), programme_zone(db()))


def _of(code_batch_id: int) -> tuple[Reward, CodeBatch]:
    batch = find_batch(db(), code_batch_id)
    reward_id = reward_on(batch.shelf) if batch else None
    if batch is None or reward_id is None:
        raise NotFound()
    return get_reward(db(), reward_id), batch


def _codes(reward_id: int, form: CodesForm) -> str:
    reward = get_reward(db(), reward_id)
    shelf = shelf_of(reward_id)
    found = batches_of(db(), shelf, after=request.args.get("after"))
    shown: dict[str, Any] = {"counts": counts_of(db(), [shelf])[shelf], "found": found, "unused": unused_in(db(), [batch.id for batch in found])}
    shown["lapsing"] = lapsing_on(db(), _today() + timedelta(days=SOON_DAYS), [shelf]).get(shelf)
    shown["people"] = names(db(), [batch.added_by_id for batch in found if batch.added_by_id])
    shown["is_vault"] = source_of(reward.kind, reward.options) is Source.VAULT
    return render("rewards/admin/codes.html", reward=reward, form=form, most=MOST_CODES, **shown, **NAMES)


def _codes_again(refusal: Refusal, reward_id: int) -> ResponseReturnValue:
    form = CodesForm()
    form.validate()
    form.refuse(refusal)
    return _codes(reward_id, form), refusal.status


def _batch(code_batch_id: int, form: PlainForm) -> str:
    reward, batch = _of(code_batch_id)
    by = [person for person in (batch.added_by_id, batch.undone_by_id) if person]
    faults = [(line, Fault(why)) for line, why in batch.faults]
    shown = {"unused": unused_in(db(), [batch.id]).get(batch.id, 0), "people": names(db(), by), "faults": faults}
    return render("rewards/admin/code_batch.html", reward=reward, batch=batch, form=form, **shown, **NAMES)


def _batch_again(refusal: Refusal, code_batch_id: int) -> ResponseReturnValue:
    form = PlainForm()
    form.refuse(refusal)
    return _batch(code_batch_id, form), refusal.status
