"""The admins' pages of review sites: what each allows, and since when nobody looked."""

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from portal.challenges.actions import sites
from portal.challenges.admin.editor import bp
from portal.challenges.forms.sites import SiteForm, site_form
from portal.challenges.queries.policy import point_value, programme_language
from portal.challenges.queries.sites import REVIEW, challenges_by_site, get_site, list_sites
from portal.challenges.rules.sites import PROOF_NAMES, REWARDED, Site, SiteRemoved, SiteUnknown
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes


def offer_sites(form: Any, kind_key: str) -> Any:
    """Give the form of a step that asks for a review the sites there are to choose from, and return it."""
    if kind_key == REVIEW:
        form.option_site.choices = [SelectChoice(one.key, one.facts.name) for one in list_sites(db())]
    return form


@bp.get("/sites")
@admin
def site_profiles() -> str:
    """Every site with what it allows; those that nobody looked at for long say so."""
    today = local_date(utcnow(), programme_zone(db()))
    found = list_sites(db())
    facts = {"value": point_value(db()), "used": challenges_by_site(db()), "stale": [site for site in found if site.is_stale(today)]}
    return render("challenges/admin/sites.html", sites=found, today=today, proof_names=PROOF_NAMES, **facts)


@bp.get("/sites/new")
@admin
def new_site() -> str:
    """An empty profile."""
    return _page(_form(None), None)


def _form(site: Site | None, *, filled: bool = False) -> SiteForm:
    return site_form(site, programme_language(db()), texts=REWARDED.items(), filled=filled)


def _page(form: SiteForm, site: Site | None) -> str:
    today = local_date(utcnow(), programme_zone(db()))
    return render("challenges/admin/site.html", form=form, site=site, today=today, value=point_value(db()))


def _new_again(refusal: Refusal) -> tuple[str, int]:
    form = _form(None, filled=True)
    form.refuse(refusal)
    return _page(form, None), refusal.status


@bp.post("/sites/new")
@admin
@writes(again=_new_again)
def add_site() -> Any:
    """Add a site of one's own."""
    form = _form(None, filled=True)
    if not form.validate():
        return _page(form, None), 422
    sites.add_site(db(), current_actor(), facts=form.facts(), key=form.key.data or "", now=utcnow())
    return _done(_("The site is added. Steps that ask for a review can name it."))


@bp.get("/sites/<site_key>")
@admin
def site(site_key: str) -> str:
    """One profile."""
    found = get_site(db(), site_key)
    return _page(_form(found), found)


def _site_again(refusal: Refusal, site_key: str) -> tuple[str, int]:
    """Show what was typed, beside what is stored now; of a site that somebody removed, as one that can be added."""
    if isinstance(refusal, SiteUnknown):
        return _new_again(SiteRemoved())
    found = get_site(db(), site_key)
    form = _form(found, filled=True)
    form.refuse(refusal, lambda: _form(found))
    return _page(form, found), refusal.status


@bp.post("/sites/<site_key>")
@admin
@writes(again=_site_again)
def save_site(site_key: str) -> Any:
    """Put the organisation's own words in place of what was known."""
    found = get_site(db(), site_key)
    form = _form(found, filled=True)
    if not form.validate():
        return _page(form, found), 422
    sites.edit_site(db(), current_actor(), key=site_key, version=form.shown_version(), facts=form.facts(), now=utcnow())
    return _done(_("Saved. Challenges that are live keep what they were published with; their next version takes this."))


@bp.post("/sites/<site_key>/checked")
@admin
@writes
def check_site(site_key: str) -> Response:
    """Note that the profile was compared with the site's own rules today."""
    now = utcnow()
    sites.check_site(db(), current_actor(), key=site_key, today=local_date(now, programme_zone(db())), now=now)
    return _done(_("Noted: checked today."))


@bp.post("/sites/<site_key>/restore")
@admin
@writes
def restore_site(site_key: str) -> Response:
    """Let the product's words hold again, or remove a site of one's own."""
    is_known = get_site(db(), site_key).is_built_in
    sites.restore_site(db(), current_actor(), key=site_key, now=utcnow())
    return _done(
        _("What came with the portal holds again.") if is_known else _("The site is removed. Challenges keep what they were published with.")
    )


def _done(text: str) -> Response:
    flash(text, "good")
    return redirect(url_for(".site_profiles"), 303)
