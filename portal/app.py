"""The composition root: builds the application, step by step, and hands rooms what they need of each other. Nothing else."""

from flask import Flask

from config import ROOT, Settings
from portal.accounts import jobs as accounts_jobs
from portal.accounts.actions.seeing import note_views
from portal.accounts.panels import AccountPanel
from portal.accounts.views import doors as accounts
from portal.acts import admin as goodwill_admin
from portal.acts import jobs as asks_jobs
from portal.acts.actions import loads as asks_loads
from portal.acts.actions.acts import ActHeard
from portal.acts.importer import AsksImporter
from portal.acts.queries.refusing import NO_REFERENCE
from portal.acts.rooms import AskingRoom
from portal.acts.views import doors as goodwill
from portal.acts.views import own as asks
from portal.acts.views import staff as goodwill_shown
from portal.api import admin as api_admin
from portal.api import views as api
from portal.api.queries import name_of_token
from portal.audience import admin as audience_admin
from portal.audience import wording as audience_wording
from portal.audience.contract import AudienceOwner
from portal.audience.kinds.contract import RuleKind
from portal.audience.queries.admission import Gates
from portal.audit import actions as audit
from portal.bank import views as bank
from portal.bank.admin import corrections as bank_corrections
from portal.bank.admin import finance as bank_finance
from portal.bank.admin import statement as bank_admin
from portal.bank.admin import terms as bank_terms
from portal.bank.importer import AwardsImporter
from portal.bank.jobs import budgets as budget_jobs
from portal.bank.jobs import expiry as expiry_jobs
from portal.bank.jobs import heads as bank_heads
from portal.bank.jobs import keeping as keeping_jobs
from portal.bank.jobs import weekly as weekly_jobs
from portal.bank.queries.disputes import LineDeciders
from portal.bank.queries.statement import StatementSource
from portal.challenges import jobs as challenges_jobs
from portal.challenges.actions.links import CHECK
from portal.challenges.actions.referring import forget_peer, lock_referred
from portal.challenges.actions.repricing import REPRICE
from portal.challenges.admin import doors as challenges_admin
from portal.challenges.audience.answered import HasAnswered
from portal.challenges.audience.done import HasDone
from portal.challenges.audience.owner import ChallengeOwner
from portal.challenges.event_importer import EventsImporter
from portal.challenges.importer import ActivityImporter
from portal.challenges.queries.badges import ChallengesDone
from portal.challenges.queries.gallery import may_open_upload
from portal.challenges.queries.shown import taken_back
from portal.challenges.queries.sources import deciders_of_submission, describe_submissions, rules_that_paid, submissions_matching
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
from portal.dashboard.views import company as company_panels
from portal.dashboard.views import doors as dashboard
from portal.dashboard.waiting.adjustments import WaitingAdjustments
from portal.dashboard.waiting.appeals import WaitingAppeals
from portal.dashboard.waiting.attempts import WaitingAttempts
from portal.dashboard.waiting.contract import WaitingSource
from portal.dashboard.waiting.disputes import WaitingDisputes
from portal.dashboard.waiting.nominations import WaitingNominations
from portal.dashboard.waiting.redemptions import WaitingRedemptions
from portal.dashboard.waiting.repricings import WaitingRepricings
from portal.fetching.fetcher import Fetcher
from portal.files import jobs as files_jobs
from portal.files import views as files
from portal.files.queries import FileAccess
from portal.files.storage import Storage
from portal.finding.queries.calling import VEIL
from portal.finding.queries.library import may_open_item
from portal.finding.rules.veil import veil_key
from portal.finding.views import finding, library
from portal.imports import admin as imports_admin
from portal.imports import jobs as imports_jobs
from portal.imports.contract import Importer
from portal.kernel.actor import ADMIN, ADVOCATE, EMPLOYEE, REVIEWER
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.text import N_
from portal.ledger.actions.sealing import seal_pending
from portal.notifications import admin as notifications_admin
from portal.notifications import setup as notifications_setup
from portal.notifications import views as notifications
from portal.notifications.jobs import Handler, Tick
from portal.outside import jobs as outside_jobs
from portal.people import identity
from portal.people import jobs as people_jobs
from portal.people.actions.changes import PersonChanged, PersonEdited
from portal.people.actions.marks import mark_key
from portal.people.actions.passwords import RESET_TOPIC
from portal.people.admin import doors as people_admin
from portal.people.contact_importer import ContactsImporter
from portal.people.importer import CompaniesImporter
from portal.people.panels import CompanyPanel, Panel
from portal.people.queries.knowing import KNOWN
from portal.people.rules.interest import INTEREST_NAMES
from portal.people.views import doors as people
from portal.profiles import jobs as profiles_jobs
from portal.profiles.actions import hearing as profiles_hearing
from portal.profiles.actions.rows import ProfileRemoved
from portal.profiles.importer import ReferencesImporter
from portal.profiles.queries.evidence import may_open_proof
from portal.profiles.queries.kinds import MINUTES
from portal.profiles.queries.refusing import no_more
from portal.profiles.queries.seeing import known as known_by_tier
from portal.profiles.views import doors as profiles
from portal.profiles.views import own as my_reference
from portal.receiving import admin as receiving_admin
from portal.receiving import views as receiving
from portal.recognition import jobs as recognition_jobs
from portal.recognition.actions import badges as badge_actions
from portal.recognition.actions import following, recounting, scores
from portal.recognition.admin import doors as recognition_admin
from portal.recognition.audience.badge import HasBadge
from portal.recognition.audience.level import OnLevel
from portal.recognition.views import doors as recognition
from portal.recognition.views import shown as recognition_shown
from portal.references import admin as references_admin
from portal.references import jobs as references_jobs
from portal.references.actions.crediting import credit_completion
from portal.references.queries.evidence import may_open_evidence
from portal.references.queries.nominations import nominators_of_person
from portal.references.queries.refusing import said_no
from portal.references.views import doors as references
from portal.referrals import admin as referrals_admin
from portal.referrals import jobs as referrals_jobs
from portal.referrals.actions import ReferralErased, ReferralLocked
from portal.referrals.queries import TakenBack
from portal.requests import admin as requests_admin
from portal.requests import jobs as requests_jobs
from portal.requests.actions import hearing as requests_hearing
from portal.requests.queries.asks import AsksOfRequests
from portal.requests.queries.records import CompletedRequests, asked_for, live_needs
from portal.requests.queries.sources import describe_requests, requests_matching
from portal.requests.queries.terms import terms_of as request_terms
from portal.requests.views import doors as requests
from portal.review import admin as review_admin
from portal.review import jobs as review_jobs
from portal.rewards import card_jobs
from portal.rewards import doors as rewards
from portal.rewards import jobs as rewards_jobs
from portal.rewards import wishing as wishes
from portal.rewards.actions.ordering import ORDER as ORDER_CARD
from portal.rewards.actions.returns import TELL as TELL_WAITING
from portal.rewards.admin import doors as rewards_admin
from portal.rewards.audience import RewardOwner
from portal.rewards.kinds.registry import kind_of
from portal.rewards.providers.http import HttpProvider
from portal.rewards.queries.conditions import level_use
from portal.rewards.queries.redemptions import deciders_of_redemption, describe_redemptions, redemptions_matching
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
from portal.web.navigation import NavItem

IMPORTERS: list[Importer] = [
    CompaniesImporter(),
    ContactsImporter(),
    ActivityImporter(),
    EventsImporter(),
    AwardsImporter(),
    AsksImporter(),
    ReferencesImporter(),
]
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
# Who may open stored files besides their owner and admins, by purpose.
MAY_OPEN_DOCUMENT: tuple[FileAccess, ...] = (
    may_open_upload,
    may_open_evidence,
    may_open_proof,
    lambda session, actor, file: may_open_item(session, actor, file, utcnow()),
)
FILE_ACCESS: dict[str, FileAccess] = {
    "document": lambda session, actor, file: any(may(session, actor, file) for may in MAY_OPEN_DOCUMENT),
    "image": may_open_upload,
}
# Who hears, in the same transaction, that a person's state or roles changed.
PERSON_CHANGED: list[PersonChanged] = [
    scores.person_changed,
    profiles_hearing.hear_departure,
]
# Who hears, in the same transaction, that a person's name, title, address or company was written anew.
PERSON_EDITED: list[PersonEdited] = [
    profiles_hearing.hear_edit,
]
# Who hears, in the same transaction, that somebody is no reference any more (retired, held, hidden), and takes back what is proposed of them.
PROFILE_REMOVED: list[ProfileRemoved] = [
    requests_hearing.person_left,
]
# Who hears, in the same transaction, that an act was recorded or taken back.
ACT_HEARD: list[ActHeard] = [
    following.act_heard,
]
# Who hears, in the same transaction, that a peer's details are removed, and removes its own copies.
REFERRAL_ERASED: list[ReferralErased] = [
    forget_peer,
]
# Who locks what a referral came with, before the referral itself is locked.
REFERRAL_LOCKED: list[ReferralLocked] = [
    lock_referred,
]
# Who tells of which things that referrals came with the approval was taken back.
REFERRAL_TAKEN_BACK: list[TakenBack] = [
    taken_back,
]
# What higher rooms show on an admin's page about a person, and on everybody's own profile.
PERSON_PANELS: list[Panel] = [
    Panel("recognition/_person_panel.html", recognition_shown.person_panel),
    Panel("receiving/_person_panel.html", receiving.person_panel),
    Panel("consents/_person_panel.html", consents.person_panel),
    Panel("acts/_person_panel.html", goodwill_shown.person_panel),
    Panel("profiles/_person_panel.html", my_reference.person_panel),
]
PROFILE_PANELS: list[Panel] = [
    Panel("recognition/_profile_panel.html", recognition_shown.profile_panel),
    Panel("receiving/_profile_panel.html", receiving.own_panel),
    Panel("consents/_profile_panel.html", consents.own_panel),
    Panel("acts/_profile_panel.html", asks.own_panel),
    Panel("profiles/_profile_panel.html", my_reference.own_panel),
]
# What higher rooms show on an admin's page about a company.
COMPANY_PANELS: list[CompanyPanel] = [
    CompanyPanel("acts/_company_panel.html", goodwill_shown.company_panel),
]
# What higher rooms show on the page of a company for staff.
ACCOUNT_PANELS: list[AccountPanel] = [
    AccountPanel("dashboard/_company_profiles.html", company_panels.profiles_panel),
    AccountPanel("dashboard/_company_requests.html", company_panels.requests_panel),
    AccountPanel("acts/_company_panel.html", company_panels.goodwill_panel),
    AccountPanel("dashboard/_company_nominations.html", company_panels.nominations_panel),
]
# Kinds of audience rules that rooms above audiences know, besides those of the room itself.
AUDIENCE_KINDS: list[RuleKind] = [
    HasDone(),
    HasAnswered(),
    OnLevel(),
    HasBadge(),
]
# Whose things have audiences.
AUDIENCE_OWNERS: list[AudienceOwner] = [
    ChallengeOwner(),
    RewardOwner(),
]
# What rooms ask besides goodwill itself, by the type of the source: their words, where it is answered, and where staff settle it.
ASK_PAGES: dict[str, AskingRoom] = {"reference_request": AsksOfRequests()}
# What needs a level of recognition, so that it is not removed.
LEVEL_USES = [level_use]
# What lines of a statement came from, by source type.
STATEMENT_SOURCES: dict[str, StatementSource] = {
    "submission": StatementSource(describe_submissions, submissions_matching, rules_that_paid),
    "redemption": StatementSource(describe_redemptions, redemptions_matching),
    "reference_request": StatementSource(describe_requests, requests_matching),
}
# Who decided about what lines of a statement came from, by source type.
LINE_DECIDERS: dict[str, LineDeciders] = {"submission": deciders_of_submission, "redemption": deciders_of_redemption}
# What waits on an admin, in the order of the queue's tabs.
WAITING: list[WaitingSource] = [
    WaitingAttempts(),
    WaitingRedemptions(),
    WaitingNominations(),
    WaitingAppeals(),
    WaitingAdjustments(),
    WaitingRepricings(),
    WaitingDisputes(STATEMENT_SOURCES),
]
# Jobs by topic.
JOBS: dict[str, Handler] = {
    RESET_TOPIC: people_jobs.run_reset,
    **asks_jobs.JOBS,
    **recognition_jobs.JOBS,
    **challenges_jobs.REPRICE_JOBS,
    **rewards_jobs.JOBS,
}
# What an admin reads for a job that was given up.
JOB_NAMES: dict[str, str] = {
    RESET_TOPIC: N_("Link for a new password"),
    imports_jobs.CHECK: N_("Check of an import"),
    imports_jobs.RUN: N_("Import"),
    imports_jobs.UNDO: N_("Undoing an import"),
    recounting.RECOUNT: N_("Counting boards anew"),
    asks_loads.RECOUNT: N_("Ranking people to ask anew"),
    CHECK: N_("Look at a shared link"),
    ORDER_CARD: N_("Ordering a gift card"),
    REPRICE: N_("New points for past completions"),
    TELL_WAITING: N_("Telling the waiting list that a reward is back"),
    badge_actions.BACKFILL: N_("Giving a new badge to who earned it before"),
}
# Work that every worker does each so many seconds.
TICKS: list[Tick] = [
    (5.0, seal_pending),
    (recognition_jobs.EVERY_SECONDS, recognition_jobs.keep_fences),
    (recognition_jobs.SEASON_SECONDS, recognition_jobs.close_seasons),
    (dashboard_jobs.EVERY_SECONDS, dashboard_jobs.keep_figures),
    (expiry_jobs.EVERY_SECONDS, expiry_jobs.expire_points),
    (expiry_jobs.EVERY_SECONDS, expiry_jobs.release_points),
    (expiry_jobs.EVERY_SECONDS, expiry_jobs.tell_of_expiring_points),
    (budget_jobs.BUDGET_SECONDS, budget_jobs.watch_budgets),
    (keeping_jobs.KEEP_SECONDS, keeping_jobs.keep_months),
    (weekly_jobs.WEEK_SECONDS, weekly_jobs.tell_of_corrections),
    (challenges_jobs.EVERY_SECONDS, challenges_jobs.approve_by_rules),
    (challenges_jobs.UNSENT_SECONDS, challenges_jobs.forget_unsent_peers),
    (review_jobs.EVERY_SECONDS, review_jobs.forget_presses),
    (review_jobs.EVERY_SECONDS, review_jobs.forget_decisions),
    (asks_jobs.EVERY_SECONDS, asks_jobs.expire_asks),
    (accounts_jobs.WEEK_SECONDS, accounts_jobs.tell_owners),
    (people_jobs.MARK_SECONDS, people_jobs.forget_marks),
    (references_jobs.EVERY_SECONDS, references_jobs.follow_up_nominees),
    (references_jobs.EVERY_SECONDS, references_jobs.escalate_nominations),
    (references_jobs.DRAFTS_EVERY_SECONDS, references_jobs.forget_old_drafts),
    (profiles_jobs.EVERY_SECONDS, profiles_jobs.verify_profiles),
    (profiles_jobs.EVERY_SECONDS, profiles_jobs.wake_profiles),
    (profiles_jobs.EVERY_SECONDS, profiles_jobs.hear_bounces),
    (requests_jobs.EVERY_SECONDS, requests_jobs.follow_requests),
    (requests_jobs.EVERY_SECONDS, requests_jobs.follow_agreed),
    (requests_jobs.EVERY_SECONDS, requests_jobs.expire_requests),
    (requests_jobs.EVERY_SECONDS, requests_jobs.ask_what_happened),
    (requests_jobs.EVERY_SECONDS, requests_jobs.let_words_stand),
    (referrals_jobs.EVERY_SECONDS, referrals_jobs.forget_peers),
    (outside_jobs.EVERY_SECONDS, outside_jobs.forget_strangers),
    (rewards_jobs.EVERY_SECONDS, rewards_jobs.receive_by_itself),
    (rewards_jobs.ADDRESS_SECONDS, rewards_jobs.forget_addresses),
    (rewards_jobs.REST_SECONDS, rewards_jobs.look_at_rested),
    (rewards_jobs.WISH_SECONDS, rewards_jobs.tell_of_wishes),
    (rewards_jobs.WISH_SECONDS, rewards_jobs.look_at_waiting),
    (card_jobs.STALE_SECONDS, card_jobs.forget_unconfirmed),
    (card_jobs.LAPSE_SECONDS, card_jobs.lapse_codes),
]
PEOPLE = ("people_admin.person", "people_admin.new", "people_admin.several", "dashboard.member")
BEGUN = ("challenges_admin.all_begun", "challenges_admin.begun", "challenges_admin.accept")
QUEUE = ("dashboard.decide", "dashboard.approve_many", *BEGUN)
NAVIGATION: list[NavItem] = [
    NavItem(N_("Home"), "dashboard.home", "house", ADVOCATE),
    NavItem(N_("Challenges"), "challenges.index", "list-checks", ADVOCATE, within=("challenges.",)),
    NavItem(N_("Rewards"), "rewards.index", "gift", ADVOCATE, within=("rewards.", "wishes.", "receiving.")),
    NavItem(N_("Board"), "recognition.board", "trophy", ADVOCATE, ("recognition.companies", "recognition.season")),
    NavItem(N_("Statement"), "bank.statement", "wallet", ADVOCATE),
    NavItem(N_("Badges"), "recognition.badges", "medal", ADVOCATE),
    NavItem(N_("My asks"), "asks.mine", "message-circle", ADVOCATE, ("asks.",), in_dock=False),
    NavItem(N_("My reference"), "my_reference.mine", "user-check", ADVOCATE, ("my_reference.",), in_dock=False, shown_if=my_reference.has_one),
    NavItem(N_("Gallery"), "gallery.index", "images", ADVOCATE, ("gallery.",), in_dock=False, shown_if=gallery.has_something),
    NavItem(N_("Home"), "dashboard.home", "house", EMPLOYEE),
    NavItem(N_("References"), "finding.find", "search", EMPLOYEE, ("finding.",)),
    NavItem(N_("Requests"), "requests.index", "handshake", EMPLOYEE, ("requests.",)),
    NavItem(N_("Nominate"), "references.nominate", "user-plus", EMPLOYEE, within=("references.several", "references.drafts")),
    NavItem(N_("My nominations"), "references.mine", "list-checks", EMPLOYEE, within=("references.nomination",), short=N_("Mine")),
    NavItem(N_("Library"), "library.index", "book-open-check", EMPLOYEE, ("library.",)),
    NavItem(N_("Registry"), "references.registry", "book-user", EMPLOYEE, within=("references.person", "references.nominee"), in_dock=False),
    NavItem(N_("Profiles"), "profiles.index", "badge-check", EMPLOYEE, ("profiles.",), in_dock=False),
    NavItem(N_("Goodwill"), "goodwill.index", "heart-handshake", EMPLOYEE, ("goodwill.",), in_dock=False),
    NavItem(N_("Companies"), "accounts.companies", "building-2", EMPLOYEE, ("accounts.",), in_dock=False),
    NavItem(N_("Board"), "recognition.board", "trophy", EMPLOYEE, ("recognition.companies", "recognition.season")),
    NavItem(N_("Gallery"), "gallery.index", "images", EMPLOYEE, ("gallery.",), in_dock=False, shown_if=gallery.has_something),
    NavItem(N_("Approvals"), "dashboard.approvals", "check-check", REVIEWER, within=QUEUE),
    NavItem(N_("Overview"), "dashboard.home", "layout-dashboard", ADMIN),
    NavItem(N_("Approvals"), "dashboard.approvals", "check-check", ADMIN, within=QUEUE),
    NavItem(N_("Challenges"), "challenges_admin.index", "list-checks", ADMIN, within=("challenges_admin.", "audience_admin.")),
    NavItem(N_("Rewards"), "rewards_admin.index", "gift", ADMIN, within=("rewards_admin.", "receiving_admin.")),
    NavItem(
        N_("People"),
        "people_admin.index",
        "users",
        ADMIN,
        within=PEOPLE,
    ),
    NavItem(
        N_("Companies"),
        "people_admin.companies",
        "building-2",
        ADMIN,
        ("people_admin.company", "people_admin.new_company", "accounts."),
        in_dock=False,
    ),
    NavItem(N_("References at a glance"), "dashboard.references", "chart-no-axes-column", ADMIN, ("dashboard.reference",), in_dock=False),
    NavItem(N_("Registry"), "references.registry", "book-user", ADMIN, within=("references.person", "references.nominee"), in_dock=False),
    NavItem(N_("Profiles"), "profiles.index", "badge-check", ADMIN, ("profiles.",), in_dock=False),
    NavItem(N_("Requests"), "requests.index", "handshake", ADMIN, ("requests.", "requests_admin."), in_dock=False),
    NavItem(N_("References"), "finding.find", "search", ADMIN, ("finding.",), in_dock=False),
    NavItem(N_("Library"), "library.index", "book-open-check", ADMIN, ("library.",), in_dock=False),
    NavItem(N_("Goodwill"), "goodwill.index", "heart-handshake", ADMIN, ("goodwill.", "goodwill_admin."), in_dock=False),
    NavItem(N_("Referrals"), "referrals_admin.index", "user-plus", ADMIN, in_dock=False),
    NavItem(N_("Consents"), "consents_admin.index", "signature", ADMIN, ("consents_admin.",), in_dock=False),
    NavItem(N_("Board"), "recognition.board", "trophy", ADMIN, ("recognition.companies", "recognition.season"), in_dock=False),
    NavItem(N_("Recognition"), "recognition_admin.index", "medal", ADMIN, ("recognition_admin.",), in_dock=False),
    NavItem(N_("Gallery"), "gallery.index", "images", ADMIN, ("gallery.",), in_dock=False),
    NavItem(N_("Imports"), "imports_admin.index", "upload", ADMIN, within=("imports_admin",), in_dock=False),
    NavItem(N_("Corrections"), "bank_corrections.index", "wallet", ADMIN, ("bank_corrections.",), in_dock=False),
    NavItem(N_("Bank"), "bank_terms.terms", "landmark", ADMIN, ("bank_terms.", "bank_finance."), in_dock=False),
    NavItem(N_("Nominations"), "references_admin.terms", "user-plus", ADMIN, ("references_admin.",), in_dock=False),
    NavItem(N_("Reviewing"), "review_admin.terms", "scale", ADMIN, within=("review_admin.",), in_dock=False),
    NavItem(N_("Audit log"), "dashboard.audit", "scroll-text", ADMIN, in_dock=False),
    NavItem(N_("Contacts seen"), "accounts_admin.index", "eye", ADMIN, ("accounts_admin.",), in_dock=False),
    NavItem(N_("API tokens"), "api_admin.tokens", "shield-check", ADMIN, ("api_admin.",), in_dock=False),
    NavItem(N_("Dead letters"), "notifications_admin.dead_letters", "mail-x", ADMIN, in_dock=False),
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
    app.extensions["database"].inform_sessions(person_edited=PERSON_EDITED, profile_removed=PROFILE_REMOVED)
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
    app.extensions["database"].inform_sessions(**{KNOWN: known_by_tier, VEIL: veil_key(settings.secret_key)})
    app.extensions["database"].inform_sessions(**{NO_REFERENCE: (no_more, said_no)})
    app.extensions["database"].inform_sessions(track_records=CompletedRequests(), live_needs=live_needs)
    app.extensions["database"].inform_sessions(
        reference_demand=lambda session: asked_for(session, utcnow()), **{MINUTES: lambda session: request_terms(session).minutes}
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
