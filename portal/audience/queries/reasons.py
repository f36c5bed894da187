"""Why one person is meant or not, by the very rule that decides."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.audience.contract import AudienceOwner
from portal.audience.facts import Facts
from portal.audience.kinds.contract import Phrase
from portal.audience.models import Audience, AudienceRule
from portal.audience.queries.admission import facts_of
from portal.audience.queries.audiences import get_audience, is_live, is_wanted, phrases_of, standing_rules
from portal.audience.registry import kinds_of
from portal.audience.rules import Mode, Side, Verdict, decisive, is_taken, judge
from portal.kernel.text import fold, like_pattern, normal_email
from portal.people.models import Person

MOST_FOUND = 6


@dataclass(frozen=True)
class Reason:
    """The verdict of some rules on one person, and those that made it, as sentences."""

    verdict: Verdict
    mode: Mode
    phrases: Sequence[Phrase] = field(default_factory=list)

    @property
    def is_taken(self) -> bool:
        return is_taken(self.verdict)


@dataclass(frozen=True)
class WhyNot:
    """The answer about one person: by the live rules, and by the edited ones where there are any."""

    person: Person
    has_begun: bool
    now: Reason
    then: Reason | None


def why_not(session: Session, owner: AudienceOwner, audience_id: int, person: Person, now: datetime) -> WhyNot:
    """Return why a person sees or does not see what the audience stands before. Raises ``NotFound``."""
    audience, rules = get_audience(session, audience_id), standing_rules(session, audience_id)
    facts, phrases = facts_of(session, person.id, now), phrases_of(session, rules)
    said = {rule.id: phrase for rule, phrase in zip(rules, phrases, strict=True)}
    live, wanted = [rule for rule in rules if is_live(rule)], [rule for rule in rules if is_wanted(rule)]
    modes = (audience.live_include_mode, audience.live_exclude_mode)
    before = _reason(session, facts, live, modes, said)
    edited = (audience.include_mode, audience.exclude_mode)
    is_same = modes == edited and [rule.id for rule in live] == [rule.id for rule in wanted]
    begun = session.scalar(select(Person.id).where(Person.id == person.id, Person.id.in_(owner.under_way(audience_id)))) is not None
    return WhyNot(person, begun, before, None if is_same else _reason(session, facts, wanted, edited, said))


def _reason(session: Session, facts: Facts, rules: Sequence[AudienceRule], modes: tuple[str, str], said: dict[int, Phrase]) -> Reason:
    kinds = kinds_of(session)
    broken = [rule for rule in rules if rule.kind not in kinds]
    if broken:
        return Reason(Verdict.EXCLUDED, Mode.ANY, [said[rule.id] for rule in broken])
    sides = {side: [rule for rule in rules if rule.side == side] for side in Side}
    holds = {side: [kinds[rule.kind].test(rule.options)(facts) for rule in sides[side]] for side in Side}
    include, exclude = Mode(modes[0]), Mode(modes[1])
    verdict = judge(holds[Side.INCLUDE], include, holds[Side.EXCLUDE], exclude)
    if verdict is Verdict.EVERYBODY:
        return Reason(verdict, include)
    side, mode = (Side.EXCLUDE, exclude) if verdict is Verdict.EXCLUDED else (Side.INCLUDE, include)
    return Reason(verdict, mode, [said[sides[side][place].id] for place in decisive(holds[side], mode, verdict)])


def told_why(session: Session, person_id: int, audience_id: int, now: datetime) -> list[Phrase]:
    """Return to a member why they are meant, in words for them: the live rules that include them. Says nothing of what excludes."""
    audience: Audience = get_audience(session, audience_id)
    live = [rule for rule in standing_rules(session, audience.id) if is_live(rule) and rule.side == Side.INCLUDE]
    kinds, facts = kinds_of(session), facts_of(session, person_id, now)
    held = [rule for rule in live if rule.kind in kinds and kinds[rule.kind].test(rule.options)(facts)]
    every = {key: [rule.options for rule in held if rule.kind == key] for key in {rule.kind for rule in held}}
    labels = {key: kinds[key].labels(session, options) for key, options in every.items()}
    told = [kinds[rule.kind].told(rule.options, labels[rule.kind], facts) for rule in held]
    return [phrase for place, phrase in enumerate(told) if phrase not in told[:place]]


def people_called(session: Session, text: str) -> list[Person]:
    """Return up to six people whose address is ``text``, or whose name holds it; whole names first."""
    key, email = fold(text), normal_email(text)
    named = or_(Person.name_key.like(like_pattern(key), escape="\\"), Person.email_key == email)
    exact = (Person.name_key == key).desc()
    return list(session.scalars(select(Person).where(named).order_by(exact, Person.name_key, Person.id).limit(MOST_FOUND)))
