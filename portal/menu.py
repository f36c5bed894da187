"""What stands in the menu, for whom, in which order."""

from portal.challenges.views import gallery
from portal.kernel.actor import ADMIN, ADVOCATE, EMPLOYEE, REVIEWER
from portal.kernel.text import N_
from portal.profiles.views import own as my_reference
from portal.web.navigation import NavItem

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
