"""The composition root: builds the application, step by step, and hands rooms what they need of each other. Nothing else."""

from flask import Flask

from config import ROOT, Settings
from portal.accounts.actions.seeing import note_views
from portal.accounts.views import doors as accounts
from portal.acts import admin as goodwill_admin
from portal.acts.queries.refusing import NO_REFERENCE
from portal.acts.views import doors as goodwill
from portal.acts.views import own as asks
from portal.acts.views import staff as goodwill_shown
from portal.api import admin as api_admin
from portal.api import views as api
from portal.api.queries import name_of_token
from portal.audience import admin as audience_admin
from portal.audience import wording as audience_wording
from portal.audience.queries.admission import Gates
from portal.audit import actions as audit
from portal.bank import views as bank
from portal.bank.admin import corrections as bank_corrections
from portal.bank.admin import finance as bank_finance
from portal.bank.admin import statement as bank_admin
from portal.bank.admin import terms as bank_terms
from portal.bank.jobs import heads as bank_heads
from portal.challenges import jobs as challenges_jobs
from portal.challenges.admin import doors as challenges_admin
from portal.challenges.queries.badges import ChallengesDone
from portal.challenges.rules.early import is_early
from portal.challenges.rules.picking import LIKED_NAMES
from portal.challenges.views import doors as challenges
from portal.challenges.views import gallery
from portal.commands.backup import backup, restore
from portal.commands.data import import_group
from portal.commands.db import db
from portal.commands.demo.command import demo
from portal.commands.finding import reindex
from portal.commands.jobs import check_mail, worker
from portal.commands.ledger import ledger
from portal.commands.ops import reset, run_portal
from portal.commands.outage import in_words
from portal.commands.people import people as people_commands
from portal.commands.pictures import pictures
from portal.commands.recognition import board
from portal.commands.vault import vault
from portal.consents import admin as consents_admin
from portal.consents import views as consents
from portal.dashboard import jobs as dashboard_jobs
from portal.dashboard.views import doors as dashboard
from portal.fetching.fetcher import Fetcher
from portal.files import jobs as files_jobs
from portal.files import views as files
from portal.files.storage import Storage
from portal.finding.queries.calling import VEIL
from portal.finding.rules.veil import veil_key
from portal.finding.views import finding, library
from portal.imports import admin as imports_admin
from portal.imports import jobs as imports_jobs
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.menu import NAVIGATION
from portal.notifications import admin as notifications_admin
from portal.notifications import setup as notifications_setup
from portal.notifications import views as notifications
from portal.people import identity
from portal.people.actions.marks import mark_key
from portal.people.admin import doors as people_admin
from portal.people.queries.knowing import KNOWN
from portal.people.rules.interest import INTEREST_NAMES
from portal.people.views import doors as people
from portal.profiles.queries.kinds import MINUTES
from portal.profiles.queries.refusing import no_more
from portal.profiles.queries.seeing import known as known_by_tier
from portal.profiles.views import doors as profiles
from portal.profiles.views import own as my_reference
from portal.receiving import admin as receiving_admin
from portal.receiving import views as receiving
from portal.recognition.admin import doors as recognition_admin
from portal.recognition.views import doors as recognition
from portal.recognition.views import shown as recognition_shown
from portal.references import admin as references_admin
from portal.references.actions.crediting import credit_completion, take_completion_back
from portal.references.queries.nominations import nominators_of_person
from portal.references.queries.refusing import said_no
from portal.references.views import doors as references
from portal.referrals import admin as referrals_admin
from portal.requests import admin as requests_admin
from portal.requests.queries.records import CompletedRequests, asked_for, live_needs
from portal.requests.queries.searching import open_request
from portal.requests.queries.terms import terms_of as request_terms
from portal.requests.rules.answering import length_of
from portal.requests.views import doors as requests
from portal.review import admin as review_admin
from portal.rewards import card_jobs
from portal.rewards import doors as rewards
from portal.rewards import wishing as wishes
from portal.rewards.admin import doors as rewards_admin
from portal.rewards.kinds.registry import kind_of
from portal.rewards.providers.http import HttpProvider
from portal.rewards.queries.redemptions import describe_redemptions
from portal.vault.keys import Keys
from portal.web import (
    addresses,
    appearance,
    assets,
    errors,
    guards,
    health,
    language,
    logs,
    markdown,
    navigation,
    packing,
    security,
    showing,
    templating,
    transaction,
)
from portal.wiring import (
    ACCOUNT_PANELS,
    ACT_HEARD,
    ASK_PAGES,
    AUDIENCE_KINDS,
    AUDIENCE_OWNERS,
    COMPANY_PANELS,
    CONSENT_LOCKED,
    CONSENT_WITHDRAWN,
    FILE_ACCESS,
    IMPORTERS,
    JOB_NAMES,
    JOBS,
    LEVEL_USES,
    LINE_DECIDERS,
    PERSON_CHANGED,
    PERSON_EDITED,
    PERSON_PANELS,
    PROFILE_PANELS,
    PROFILE_REMOVED,
    REFERRAL_ERASED,
    REFERRAL_LOCKED,
    REFERRAL_TAKEN_BACK,
    STATEMENT_SOURCES,
    TICKS,
    WAITING,
)

BLUEPRINTS = [
    accounts.admin_bp,
    accounts.bp,
    health.bp,
    appearance.bp,
    api.bp,
    api_admin.bp,
    asks.bp,
    audience_admin.bp,
    challenges.bp,
    challenges_admin.bp,
    consents.bp,
    consents_admin.bp,
    dashboard.bp,
    files.bp,
    finding.bp,
    library.bp,
    gallery.bp,
    goodwill.bp,
    goodwill_admin.bp,
    imports_admin.bp,
    people.bp,
    people_admin.bp,
    notifications.bp,
    notifications_admin.bp,
    my_reference.bp,
    profiles.bp,
    receiving.bp,
    receiving_admin.bp,
    recognition.bp,
    recognition_admin.bp,
    references.bp,
    references_admin.bp,
    requests.bp,
    requests_admin.bp,
    referrals_admin.bp,
    review_admin.bp,
    bank.bp,
    bank_admin.bp,
    bank_corrections.bp,
    bank_finance.bp,
    bank_terms.bp,
    rewards.bp,
    wishes.bp,
    rewards_admin.bp,
]
COMMANDS = [
    in_words(command)
    for command in (
        db,
        import_group(IMPORTERS),
        board,
        run_portal,
        reset,
        backup,
        restore,
        worker,
        people_commands,
        check_mail,
        ledger,
        pictures,
        reindex,
        vault,
        demo,
    )
]


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application for ``settings`` (read from the environment if not given)."""
    settings = settings or Settings()
    app = _make_flask(settings)
    _set_up_web(app, settings)
    storage: Storage = app.extensions["storage"]
    fetcher = Fetcher(f"Laurel link check (+{settings.base_url})")
    cards = HttpProvider(settings.cards_url, settings.cards_token) if settings.cards_url else None
    jobs = (
        card_jobs.handlers(cards) | JOBS | imports_jobs.handlers(IMPORTERS, storage) | challenges_jobs.link_jobs(fetcher, is_on=settings.link_checks)
    )
    ticks = [*TICKS, (dashboard_jobs.ESCALATE_SECONDS, dashboard_jobs.escalation(WAITING)), (files_jobs.EVERY_SECONDS, files_jobs.sweep(storage))]
    ticks.append((bank_heads.HEAD_SECONDS, bank_heads.head_keeper(settings.heads or settings.data / "heads.txt", settings.heads_to)))
    ticks.append((card_jobs.BALANCE_SECONDS, card_jobs.balance_keeper(cards)))
    notifications_setup.init(app, settings, jobs=jobs, names=JOB_NAMES, ticks=ticks, record=audit.record)
    dashboard.init(app, WAITING)
    audience_wording.init(app)
    _add_rooms(app)
    guards.require_marks(app)
    return app


def _make_flask(settings: Settings) -> Flask:
    app = Flask("portal", static_folder=str(ROOT / "static" / "dist"), static_url_path="/static", template_folder=str(ROOT / "templates"))
    app.config.update(SETTINGS=settings, ROOT=ROOT, TESTING=settings.env == "test")
    addresses.init(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["database"] = Database(settings.database_url, zone=settings.time_zone)
    app.extensions["storage"] = Storage(settings.storage or settings.data / "files", settings.upload_limit_mb)
    app.extensions["file_access"] = FILE_ACCESS
    app.extensions["statement_sources"], app.extensions["received_things"] = STATEMENT_SOURCES, {"redemption": describe_redemptions}
    app.extensions["person_panels"], app.extensions["profile_panels"] = PERSON_PANELS, PROFILE_PANELS
    app.extensions["company_panels"], app.extensions["account_panels"] = COMPANY_PANELS, ACCOUNT_PANELS
    app.extensions["database"].inform_sessions(person_changed=PERSON_CHANGED, act_heard=ACT_HEARD, challenge_facts=ChallengesDone())
    app.extensions["database"].inform_sessions(person_edited=PERSON_EDITED, profile_removed=PROFILE_REMOVED, consent_withdrawn=CONSENT_WITHDRAWN)
    app.extensions["database"].inform_sessions(consent_locked=CONSENT_LOCKED)
    app.extensions["database"].inform_sessions(points_at_once=settings.points_at_once, publish_with_two=settings.publish_with_two)
    app.extensions["database"].inform_sessions(currency=settings.currency)
    app.extensions["database"].inform_sessions(mark_key=mark_key(settings.secret_key))
    app.extensions["database"].inform_sessions(point_value=settings.point_value, looks_at_links=settings.link_checks)
    app.extensions["database"].inform_sessions(nominators_of=nominators_of_person, name_of_token=name_of_token, own_company=settings.brand_company)
    app.extensions["database"].inform_sessions(referral_erased=REFERRAL_ERASED, referral_locked=REFERRAL_LOCKED)
    app.extensions["database"].inform_sessions(referral_taken_back=REFERRAL_TAKEN_BACK, line_deciders=LINE_DECIDERS)
    app.extensions["database"].inform_sessions(vault_keys=Keys(settings.kept_vault_keys), has_card_provider=bool(settings.cards_url))
    app.extensions["database"].inform_sessions(
        language=settings.language, audience_kinds={kind.key: kind for kind in AUDIENCE_KINDS}, audience_gates=Gates()
    )
    app.extensions["database"].inform_sessions(level_uses=LEVEL_USES, ask_pages=ASK_PAGES, credit_completion=credit_completion)
    app.extensions["database"].inform_sessions(take_completion_back=take_completion_back)
    app.extensions["database"].inform_sessions(**{KNOWN: known_by_tier, VEIL: veil_key(settings.secret_key)})
    app.extensions["database"].inform_sessions(**{NO_REFERENCE: (no_more, said_no)})
    app.extensions["database"].inform_sessions(track_records=CompletedRequests(), live_needs=live_needs, open_requests=open_request)
    app.extensions["database"].inform_sessions(
        reference_demand=lambda session: asked_for(session, utcnow()),
        **{MINUTES: lambda session, activity: length_of(activity, request_terms(session).minutes)},
    )
    app.extensions["audience_owners"] = AUDIENCE_OWNERS
    app.extensions["importers"] = IMPORTERS
    return app


def _set_up_web(app: Flask, settings: Settings) -> None:
    packing.init(app)
    logs.init(app, settings.log_level)
    security.init(app, settings)
    language.init(app, settings)
    assets.init(app, ROOT / "static" / "dist")
    templating.init(app)
    appearance.init(app)
    errors.init(app)
    transaction.init(app)
    showing.init(app, note_views)
    navigation.init(app, NAVIGATION)
    app.jinja_env.filters["markdown"] = markdown.markdown
    app.jinja_env.tests["early"] = is_early
    app.jinja_env.globals.update(settings=settings, interest_names=INTEREST_NAMES, liked_names=LIKED_NAMES, reward_kind=kind_of)
    recognition_shown.init(app)
    consents.init(app)
    goodwill_shown.init(app)
    profiles.init(app)


def _add_rooms(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)
    identity.init(app)
    guards.init(app)
    api.init(app)
