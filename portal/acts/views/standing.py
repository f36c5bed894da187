"""What stands on somebody, as every page tells it that shows how much goodwill is left: blocks and pauses, since when and until when."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.acts.models.asks import AskBlock
from portal.acts.queries.blocks import BlockRow, standing_blocks
from portal.acts.queries.budget import Budget, Shown
from portal.acts.queries.said import paused_since
from portal.acts.rules.terms import BLOCK_NAMES, BlockKind
from portal.kernel.actor import Actor
from portal.people.rules.company import looks_after
from portal.web.language import day


def of_person(session: Session, actor: Actor, budget: Budget) -> dict[str, Any]:
    """Return what ``acts/_blocks.html`` tells of a person and of their company, as ``actor`` may read it."""
    sides = [(budget.person, {"person_id": budget.person_id})]
    sides += [(budget.company, {"company_id": budget.company_id})] if budget.company and budget.company_id else []
    return _told(session, looks_after(actor, budget.owner_id), sides)


def of_company(session: Session, actor: Actor, company_id: int, owner_id: int | None, side: Shown) -> dict[str, Any]:
    """Return what ``acts/_blocks.html`` tells of a company."""
    return _told(session, looks_after(actor, owner_id), [(side, {"company_id": company_id})])


def _told(session: Session, knows_why: bool, sides: Sequence[tuple[Shown, Any]]) -> dict[str, Any]:
    whose = {name: its_id for _side, of in sides for name, its_id in of.items()}
    pauses = [(side, paused_since(session, side.paused_until, **of), "person_id" in of) for side, of in sides if side.paused_until]
    blocks = standing_blocks(session, **whose) if any(side.blocks for side, _of in sides) else []
    return {"blocks": blocks, "pauses": pauses, "knows_why": knows_why}


def still_stands(rows: Sequence[BlockRow]) -> list[str]:
    """Return a sentence for each block that stands on: what was lifted was not all."""
    text = _("%(what)s still stands, since %(day)s: nobody is asked there before that is lifted too.")
    return [text % {"what": _what(row.block), "day": day(row.block.set_at)} for row in rows]


def _what(block: AskBlock) -> str:
    if block.company_id is not None:
        return str(_("The legal hold on the company") if block.kind == BlockKind.LEGAL else _("The open escalation with the company"))
    if block.comes_with_profile:
        return str(_("The legal hold of the reference profile"))
    return str(_(BLOCK_NAMES[BlockKind(block.kind)]))
