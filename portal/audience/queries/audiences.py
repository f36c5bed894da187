"""One audience and its rules."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audience.kinds.contract import Options, Phrase, RuleKind
from portal.audience.models import Audience, AudienceRule
from portal.audience.registry import kinds_of
from portal.audience.rules import Mode, Side
from portal.kernel.errors import NotFound
from portal.kernel.text import N_

GONE = N_("A kind of rule that this portal no longer has; it takes nobody")


@dataclass(frozen=True)
class RuleView:
    """A rule as its line in the editor shows it. ``kind`` is None for one this portal no longer has."""

    id: int
    side: Side
    kind: RuleKind | None
    options: Options
    phrase: Phrase
    is_live: bool
    is_wanted: bool


@dataclass(frozen=True)
class Sheet:
    """An audience with all its rules: those wanted, and those that are live still though an admin removed them."""

    audience: Audience
    rules: Sequence[RuleView]

    def side(self, side: str) -> list[RuleView]:
        """Return the rules wanted on one side, in order."""
        return [rule for rule in self.rules if rule.side == side and rule.is_wanted]

    def leaving(self, side: str) -> list[RuleView]:
        """Return the rules of one side that are live until the changes are put live."""
        return [rule for rule in self.rules if rule.side == side and rule.is_live and not rule.is_wanted]

    def mode(self, side: str) -> Mode:
        """Return how the wanted rules of one side go together."""
        return Mode(self.audience.include_mode if side == Side.INCLUDE else self.audience.exclude_mode)

    def is_mode_changed(self, side: str) -> bool:
        """Tell whether the rules of this side go together in another way than what is live."""
        live = self.audience.live_include_mode if side == Side.INCLUDE else self.audience.live_exclude_mode
        return live != self.mode(side)

    @property
    def has_changes(self) -> bool:
        """Whether anything differs from what is live."""
        return any(rule.is_live != rule.is_wanted for rule in self.rules) or any(self.is_mode_changed(side) for side in Side)


def get_audience(session: Session, audience_id: int) -> Audience:
    """Return the audience. Raises ``NotFound``."""
    found = session.get(Audience, audience_id)
    if found is None:
        raise NotFound()
    return found


def find_rule(session: Session, audience_id: int, rule_id: int) -> AudienceRule:
    """Return a rule of the audience, removed or not. Raises ``NotFound``."""
    found = session.get(AudienceRule, rule_id)
    if found is None or found.audience_id != audience_id:
        raise NotFound()
    return found


def find_newer(session: Session, rule: AudienceRule) -> AudienceRule | None:
    """Return the wanted rule that changes have put in the place of ``rule``; None where it was removed."""
    there = (AudienceRule.audience_id == rule.audience_id, AudienceRule.side == rule.side, AudienceRule.kind == rule.kind)
    wanted = select(AudienceRule).where(*there, AudienceRule.position == rule.position, AudienceRule.removed_at.is_(None))
    return session.scalars(wanted.order_by(AudienceRule.id.desc()).limit(1)).first()


def standing_rules(session: Session, audience_id: int) -> list[AudienceRule]:
    """Return the rules that are wanted or live, in order."""
    here = select(AudienceRule).where(AudienceRule.audience_id == audience_id, AudienceRule.ended_at.is_(None))
    return list(session.scalars(here.order_by(AudienceRule.position, AudienceRule.id)))


def is_live(rule: AudienceRule) -> bool:
    """Tell whether a standing rule counts already."""
    return rule.live_at is not None


def is_wanted(rule: AudienceRule) -> bool:
    """Tell whether a standing rule will count once changes are put live."""
    return rule.removed_at is None


def sheet_of(session: Session, audience_id: int) -> Sheet:
    """Return an audience with its rules in words. Raises ``NotFound``."""
    audience, rules = get_audience(session, audience_id), standing_rules(session, audience_id)
    phrases = phrases_of(session, rules)
    kinds = kinds_of(session)
    views = [
        RuleView(rule.id, Side(rule.side), kinds.get(rule.kind), rule.options, phrase, is_live(rule), is_wanted(rule))
        for rule, phrase in zip(rules, phrases, strict=True)
    ]
    return Sheet(audience, views)


def phrases_of(session: Session, rules: Sequence[AudienceRule]) -> list[Phrase]:
    """Return each rule as a sentence; names are looked up once a kind."""
    kinds, by_kind = kinds_of(session), dict[str, list[Options]]()
    for rule in rules:
        by_kind.setdefault(rule.kind, []).append(rule.options)
    labels = {key: kinds[key].labels(session, every) for key, every in by_kind.items() if key in kinds}
    return [kinds[rule.kind].phrase(rule.options, labels[rule.kind]) if rule.kind in kinds else Phrase(GONE) for rule in rules]
