"""Who fits what is needed: ranked, each with reasons, and what stands against whoever does not quite."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.rules.budget import Band, band
from portal.consents.models import Consent
from portal.finding.models.rows import FindingRow
from portal.finding.queries.calling import under, veiled_name
from portal.finding.queries.facts import facts_of
from portal.finding.queries.gathering import WINDOW, gather
from portal.finding.rules.facts import Facts
from portal.finding.rules.filters import failures
from portal.finding.rules.fit import Told, fit_of, least_of, parts, reasons, spoken_for
from portal.finding.rules.misfits import Away, Escalated, Held, Misfit, NotFoundNow, StandsAgainst, told_to_all
from portal.finding.rules.needs import Needs
from portal.finding.rules.seeing import Sight, sight_of
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.profiles.models import ProfileActivity
from portal.profiles.queries.profiles import consent_holds
from portal.profiles.rules.seeing import may_change, may_know
from portal.web.paging import Page, pack_cursor, read_cursor

SIZE, NEAR_SHOWN, COUNTED = 20, 6, 1_000
Closest = Callable[[Sequence[int]], list[int]]
"""Chooses, of people in the order of their fit, whose budgets are read."""


@dataclass(frozen=True)
class Candidate:
    """One profile against what is needed: fit in per cent, why, and every hard filter that it fails. ``is_veiled``: name and company stay hidden."""

    facts: Facts
    fit: int
    reasons: tuple[Told, ...]
    failed: tuple[Misfit, ...] = ()
    is_veiled: bool = False
    speaks_of_it: bool = False
    """Whether what they tell has something of the worry in it, their name aside where that is hidden."""

    @property
    def person_id(self) -> int:
        return self.facts.person_id

    @property
    def slots_used(self) -> int:
        return self.facts.load.used

    @property
    def slots_most(self) -> int:
        return self.facts.load.cap.most

    @property
    def band(self) -> Band:
        """How worn they and their company are, the worse of the two."""
        return band(self.facts.load.strain)

    @property
    def is_doubted(self) -> bool:
        """Whether something stands against them that the reader may not know, so that how rested they are says nothing."""
        return any(isinstance(one, StandsAgainst) for one in self.failed)

    @property
    def is_barred(self) -> bool:
        """Whether a block of goodwill or a legal hold stands, for whoever may know that."""
        return any(isinstance(one, Held | Escalated) for one in self.failed)

    @property
    def away(self) -> Away | None:
        """What says until when they are not to be asked, in place of what asking takes; None where nothing does."""
        return next((one for one in self.failed if isinstance(one, Away)), None)

    @property
    def hint(self) -> str:
        """What makes it a yes: nothing is needed (empty), ``later``, ``verify``, ``admin``, or ``no``."""
        if not self.failed:
            return ""
        return self.failed[0].hint or "no" if len(self.failed) == 1 else "no"

    @property
    def is_waiting(self) -> bool:
        """Tell whether they can be asked later, or once verified."""
        return self.hint in ("later", "verify")

    def is_free_by(self, last: date) -> bool:
        """Tell whether they can be asked now, or a slot frees on or before ``last``."""
        load = self.facts.load
        days = [day for day in (load.free_on if load.is_person_full else None, load.company_free_on if load.is_company_full else None) if day]
        return not self.failed or (self.hint == "later" and bool(days) and max(days) <= last)


@dataclass(frozen=True)
class Search:
    """What a search came to. ``fitting`` can be asked now, ``waiting`` later or once verified, ``near`` fail another one rule. Best first."""

    needs: Needs
    fitting: tuple[Candidate, ...] = ()
    waiting: tuple[Candidate, ...] = ()
    near: tuple[Candidate, ...] = ()
    is_cut: bool = False
    """Whether there are more than are looked at: counts are then at least what they say."""

    @property
    def shown(self) -> list[Candidate]:
        """Those who fit and those who will, in one order."""
        return sorted((*self.fitting, *self.waiting), key=_order)


def search(session: Session, actor: Actor, needs: Needs, now: datetime) -> Search:
    """Return who fits ``needs``, among those whom the actor may find."""
    gathered = gather(session, actor, needs, now)
    looked = candidates_of(session, actor, gathered.ids, needs, now, least=least_of(needs), closest=gathered.closest)
    good = [one for one in looked.values() if one.fit >= least_of(needs) and may_be_told_of(one, gathered.by_words)]
    fitting = sorted((one for one in good if not one.failed), key=_order)
    missing = sorted((one for one in good if len(one.failed) == 1), key=_order)
    waiting = [one for one in missing if one.is_waiting]
    near = [one for one in missing if not one.is_waiting and one.failed[0].criterion != "activity" and not _is_hidden(one.failed[0])]
    return Search(needs, tuple(fitting[:WINDOW]), tuple(waiting[:WINDOW]), tuple(near[:NEAR_SHOWN]), len(gathered.passing) >= WINDOW)


def find(session: Session, actor: Actor, needs: Needs, now: datetime, after: str | None = None, limit: int = SIZE) -> Page:
    """Return a page of ``Candidate`` whom the actor may find and ask now, the best first."""
    return page_of(session, list(search(session, actor, needs, now).fitting), after, limit)


def near_misses(session: Session, actor: Actor, needs: Needs, now: datetime) -> list[tuple[Candidate, Misfit]]:
    """Return the best of those who fail exactly one hard filter, with that one."""
    found = search(session, actor, needs, now)
    return [(one, one.failed[0]) for one in sorted((*found.waiting, *found.near), key=_order)]


def check_one(session: Session, person_id: int, needs: Needs, now: datetime, actor: Actor | None = None) -> Candidate | None:
    """Return one person against ``needs`` as they stand now, None for who has no profile. Without an actor everything is told.

    It is for what other rooms decide, so ``failed`` names every filter, the sensitive ones too: a page shows ``candidates_of``.
    """
    return candidates_of(session, actor, [person_id], needs, now, tells_all=True).get(person_id)


def candidates_of(
    session: Session,
    actor: Actor | None,
    ids: Iterable[int],
    needs: Needs,
    now: datetime,
    *,
    least: int = 0,
    closest: Closest | None = None,
    tells_all: bool = False,
) -> dict[int, Candidate]:
    """Return some people against ``needs`` as the actor may read it, but for those who fit less than ``least``.

    Whom the actor may not know of at all is there with ``OnlyByAdmin``, unless there is a ``least``. ``closest`` chooses whose budgets are read,
    of those who could fit so well, in the order of their fit if nobody had asked anything of them. What stands against them is told by
    ``told_to_all``, but to the account owner and admins, or to a room that decides on it (``tells_all``).
    """
    zone = programme_zone(session)
    today = local_date(now, zone)
    met: dict[int, dict[str, float]] = {}

    def could_fit(some: list[Facts]) -> list[int]:
        ranked: list[tuple[int, int]] = []
        for facts in some:
            sight = seen_by(actor, facts)
            met[facts.person_id] = of = parts(facts, needs, with_names=sight is not Sight.VEILED)
            if not least or (sight is not Sight.NONE and fit_of(of) >= least):
                ranked.append((-fit_of(of), facts.person_id))
        chosen = [its_id for _fit, its_id in sorted(ranked)]
        return closest(chosen) if closest else chosen

    found: dict[int, Candidate] = {}
    for its_id, facts in facts_of(session, ids, now, could_fit).items():
        sight, of = seen_by(actor, facts), met[its_id] | spoken_for(facts)
        if fit_of(of) < least:
            continue
        told = reasons(facts, needs, of, today, with_names=sight is not Sight.VEILED)
        failed = failures(facts, needs, now, zone, sight)
        if not (tells_all or actor is None or may_change(actor, facts.owner_id)):
            failed = list(told_to_all(failed))
        found[its_id] = Candidate(facts, fit_of(of), tuple(told), tuple(failed), sight is not Sight.FULL, bool(of.get("worry")))
    return found


def seen_by(actor: Actor | None, facts: Facts) -> Sight:
    """Return what the actor sees of a profile."""
    if actor is None:
        return Sight.FULL
    return sight_of(facts.tier, may_know=may_know(actor, person_id=facts.person_id, owner_id=facts.owner_id, tier=facts.tier))


def page_of(session: Session, ranked: list[Candidate], after: str | None, limit: int = SIZE) -> Page:
    """Return one page of a ranking, behind the last one shown: by fit and number, so that whoever comes or goes meanwhile shifts nothing.

    The number stands in the cursor as a veiled name: whoever can read a cursor reads nobody's number.
    """
    last = read_cursor(after) if after else None
    known = last if last and [type(one) for one in last] == [int, str] else None
    behind = (-known[0], under(session, known[1]) or 0) if known else None
    rest = [one for one in ranked if behind is None or _order(one) > behind]
    shown = rest[:limit]
    cursor = pack_cursor([shown[-1].fit, veiled_name(session, shown[-1].person_id)]) if len(rest) > limit else None
    return Page(shown, cursor, is_first=known is None)


def count_yes(session: Session, now: datetime) -> tuple[int, bool]:
    """Return how many customers may be asked for something (active, visible, with a yes that holds), and whether there are more than are counted."""
    agreed = select(ProfileActivity.person_id).join(Consent, Consent.id == ProfileActivity.consent_id)
    agreed = agreed.where(ProfileActivity.person_id == FindingRow.person_id, consent_holds(local_date(now, programme_zone(session))))
    some = select(FindingRow.person_id).where(FindingRow.is_found, agreed.exists()).limit(COUNTED + 1).subquery()
    number = session.scalar(select(func.count()).select_from(some)) or 0
    return min(number, COUNTED), number > COUNTED


def _is_hidden(misfit: Misfit) -> bool:
    """Tell whether a profile is hidden, which no search finds, not as a near miss either."""
    return isinstance(misfit, NotFoundNow) and misfit.is_hidden


def _order(one: Candidate) -> tuple[int, int]:
    return (-one.fit, one.person_id)


def may_be_told_of(one: Candidate, by_words: frozenset[int] = frozenset()) -> bool:
    """Whoever was found by words alone and stays without a name has to be found by what they tell, not by who they are."""
    if any(failed.name == "OnlyByAdmin" for failed in one.failed):
        return False
    return not (one.is_veiled and one.person_id in by_words and not one.speaks_of_it)
