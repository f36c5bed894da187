"""What rooms are handed of each other, declared: who may open a file, which panels a page has, which jobs and clocks there are."""

from portal.accounts import jobs as accounts_jobs
from portal.accounts.panels import AccountPanel
from portal.acts import jobs as asks_jobs
from portal.acts.actions import loads as asks_loads
from portal.acts.actions.acts import ActHeard
from portal.acts.importer import AsksImporter
from portal.acts.rooms import AskingRoom
from portal.acts.views import own as asks
from portal.acts.views import staff as goodwill_shown
from portal.audience.contract import AudienceOwner
from portal.audience.kinds.contract import RuleKind
from portal.bank.importer import AwardsImporter
from portal.bank.jobs import budgets as budget_jobs
from portal.bank.jobs import expiry as expiry_jobs
from portal.bank.jobs import keeping as keeping_jobs
from portal.bank.jobs import weekly as weekly_jobs
from portal.bank.queries.disputes import LineDeciders
from portal.bank.queries.statement import StatementSource
from portal.challenges import jobs as challenges_jobs
from portal.challenges.actions.links import CHECK
from portal.challenges.actions.referring import forget_peer, lock_referred
from portal.challenges.actions.repricing import REPRICE
from portal.challenges.audience.answered import HasAnswered
from portal.challenges.audience.done import HasDone
from portal.challenges.audience.owner import ChallengeOwner
from portal.challenges.event_importer import EventsImporter
from portal.challenges.importer import ActivityImporter
from portal.challenges.queries.gallery import may_open_upload
from portal.challenges.queries.shown import taken_back
from portal.challenges.queries.sources import deciders_of_submission, describe_submissions, rules_that_paid, submissions_matching
from portal.consents import views as consents
from portal.consents.actions import ConsentLocked, ConsentWithdrawn
from portal.dashboard import jobs as dashboard_jobs
from portal.dashboard.views import company as company_panels
from portal.dashboard.waiting.adjustments import WaitingAdjustments
from portal.dashboard.waiting.appeals import WaitingAppeals
from portal.dashboard.waiting.attempts import WaitingAttempts
from portal.dashboard.waiting.contract import WaitingSource
from portal.dashboard.waiting.disputes import WaitingDisputes
from portal.dashboard.waiting.nominations import WaitingNominations
from portal.dashboard.waiting.redemptions import WaitingRedemptions
from portal.dashboard.waiting.repricings import WaitingRepricings
from portal.files.queries import FileAccess
from portal.finding.queries.library import may_open_item
from portal.imports import jobs as imports_jobs
from portal.imports.contract import Importer
from portal.kernel.clock import utcnow
from portal.kernel.text import N_
from portal.ledger.actions.sealing import seal_pending
from portal.notifications.jobs import Handler, Tick
from portal.outside import jobs as outside_jobs
from portal.people import jobs as people_jobs
from portal.people.actions.changes import PersonChanged, PersonEdited
from portal.people.actions.passwords import RESET_TOPIC
from portal.people.contact_importer import ContactsImporter
from portal.people.importer import CompaniesImporter
from portal.people.panels import CompanyPanel, Panel
from portal.profiles import jobs as profiles_jobs
from portal.profiles.actions import hearing as profiles_hearing
from portal.profiles.actions import own as profiles_own
from portal.profiles.actions.rows import ProfileRemoved, lock_profile
from portal.profiles.importer import ReferencesImporter
from portal.profiles.queries.evidence import may_open_proof
from portal.profiles.views import own as my_reference
from portal.receiving import views as receiving
from portal.recognition import jobs as recognition_jobs
from portal.recognition.actions import badges as badge_actions
from portal.recognition.actions import following, recounting, scores
from portal.recognition.audience.badge import HasBadge
from portal.recognition.audience.level import OnLevel
from portal.recognition.views import shown as recognition_shown
from portal.references import jobs as references_jobs
from portal.references.queries.evidence import may_open_evidence
from portal.referrals import jobs as referrals_jobs
from portal.referrals.actions import ReferralErased, ReferralLocked
from portal.referrals.queries import TakenBack
from portal.requests import jobs as requests_jobs
from portal.requests.actions import hearing as requests_hearing
from portal.requests.queries.asks import AsksOfRequests
from portal.requests.queries.sources import describe_requests, requests_matching
from portal.review import jobs as review_jobs
from portal.rewards import card_jobs
from portal.rewards import jobs as rewards_jobs
from portal.rewards.actions.ordering import ORDER as ORDER_CARD
from portal.rewards.actions.returns import TELL as TELL_WAITING
from portal.rewards.audience import RewardOwner
from portal.rewards.queries.conditions import level_use
from portal.rewards.queries.redemptions import deciders_of_redemption, describe_redemptions, redemptions_matching

IMPORTERS: list[Importer] = [
    CompaniesImporter(),
    ContactsImporter(),
    ActivityImporter(),
    EventsImporter(),
    AwardsImporter(),
    AsksImporter(),
    ReferencesImporter(),
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
# Who hears, in the same transaction, what somebody withdrew of what they allowed.
CONSENT_WITHDRAWN: list[ConsentWithdrawn] = [
    profiles_own.hear_withdrawn,
]
# Who locks what goes by the consents of a person, before one of theirs is ended.
CONSENT_LOCKED: list[ConsentLocked] = [
    lock_profile,
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
