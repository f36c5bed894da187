"""The library, and whom an employee marked: what answers a worry without an ask."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.commands.demo.cast import Cast
from portal.commands.demo.story import Story
from portal.consents.models import Consent
from portal.consents.rules import Item
from portal.finding.actions.choosing import mark_favourite
from portal.finding.actions.library import Content, add_item, use_item
from portal.finding.models.rows import FindingRow
from portal.finding.rules.library import Kind
from portal.people.models import Company

ADMIN, EMPLOYEE, HOURS, QUOTES, MARKED = "Imani Wanjiru", "Greta Lindqvist", 2, 3, 2
TOLD = (
    (Kind.CASE_STUDY, "From spreadsheets to one plan in six weeks", "Moving off spreadsheets; how long a roll-out takes", "six-weeks"),
    (Kind.VIDEO, "What the night shift says", "Will people in the field use it? Training and acceptance", "night-shift"),
    (Kind.SLIDES, "Twelve slides on security and audits", "Security review, audits, where data lies", "security"),
)


class Library:
    """Fills the library from consents that members gave, and from stories with a note of how they were allowed."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast = story, cast

    def begin(self) -> None:
        """Put it on the agenda, late, when consents are given."""
        self.story.plan(self.story.end - timedelta(hours=HOURS), self._fill)

    def _fill(self, at: datetime) -> None:
        session, admin, employee = self.story.session, self.story.acting(ADMIN), self.story.acting(EMPLOYEE)
        companies = session.scalars(select(Company).order_by(Company.id).limit(len(TOLD))).all()
        for (kind, title, answers, page), company in zip(TOLD, companies, strict=False):
            at_page = f"https://brindlewick.example/stories/{page}"
            facts: dict[str, Any] = {"company": company.name, "industry": company.industry}
            facts["permission"] = "Agreed to in writing by their marketing team."
            item = add_item(session, admin, key=f"demo-{page}", content=Content(kind, title, answers, link=at_page, **facts), file_id=None, now=at)
            use_item(session, employee, item_id=item.id, now=at)
        held = select(Consent).where(Consent.item == Item.QUOTE, Consent.ended_at.is_(None), Consent.expires_on.is_(None))
        for consent in session.scalars(held.order_by(Consent.id).limit(QUOTES)).all():
            content = Content(
                Kind.QUOTE, consent.quote[:60].rstrip(), quote=consent.quote, person=f"#{consent.person_id}", consent_id=str(consent.id)
            )
            add_item(session, admin, key=f"demo-quote-{consent.id}", content=content, file_id=None, now=at)
        found = select(FindingRow.person_id).where(FindingRow.is_found, FindingRow.tier == 1).order_by(FindingRow.person_id).limit(MARKED)
        for person_id in session.scalars(found).all():
            mark_favourite(session, employee, reference_id=person_id, is_on=True, now=at)
