"""Imports every room's tables once, so that Alembic, the mappers and the tests see them all."""

from portal.accounts import models as accounts
from portal.acts.models import acts, asks
from portal.api import models as api
from portal.audience import models as audience
from portal.audit import models as audit
from portal.bank import models as bank
from portal.challenges.models import deciding, gallery, offering, proof, repricing, taking, templates
from portal.consents import models as consents
from portal.dashboard import models as dashboard
from portal.files import models as files
from portal.finding.models import library as finding_library
from portal.finding.models import rows as finding_rows
from portal.imports import models as imports
from portal.kernel.schema import Base
from portal.ledger import models as ledger
from portal.notifications import models as notifications
from portal.outside import models as outside
from portal.people import models as people
from portal.profiles import models as profiles
from portal.receiving import models as receiving
from portal.recognition import models as recognition
from portal.references.models import joining, nominating
from portal.references.models import terms as nomination_terms
from portal.referrals import models as referrals
from portal.requests import models as requests
from portal.review import models as review
from portal.rewards.models import cards, redeeming, stock, waiting
from portal.rewards.models import offering as rewards
from portal.vault import models as vault

metadata = Base.metadata
rooms = (ledger, audit, notifications, files, vault, people, acts, asks, audience, recognition, referrals, outside, consents, receiving)
challenges = (offering, taking, deciding, proof, templates, gallery, repricing)
shop = (rewards, redeeming, waiting, stock, cards)
references = (accounts, profiles, nominating, joining, nomination_terms, requests)
finding = (finding_rows, finding_library)
rooms_above = (*challenges, bank, *shop, *references, *finding, imports, review, dashboard, api)
