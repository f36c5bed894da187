"""Hard filters of a search: everything that keeps one profile out, by name. Specification A6; changes say why. Pure.

One function tells all of it, so that results, near misses and a request that is checked again cannot differ.
"""

from datetime import date, datetime, timedelta

from portal.acts.rules.refusals import CannotBeAsked, LegalHold, MonthOff, OpenEscalation, Paused, Resting
from portal.acts.rules.terms import next_month_on
from portal.finding.rules import misfits as no
from portal.finding.rules.facts import Facts
from portal.finding.rules.needs import Needs, key_of
from portal.finding.rules.seeing import Sight
from portal.kernel.clock import local_date
from portal.people.rules.company import name_key
from portal.profiles.rules.activity import ASK_OF
from portal.profiles.rules.states import STATUS_NAMES, Status

FRESH_DAYS, RENEWAL_DAYS, LEAST_NPS = 180, 30, 7
MONTH_DAYS = 30.4


def verified_since(now: datetime) -> datetime:
    """Return the moment since which a profile has to have been verified."""
    return now - timedelta(days=FRESH_DAYS)


def failures(facts: Facts, needs: Needs, now: datetime, zone: str, sight: Sight = Sight.FULL) -> list[no.Misfit]:
    """Return every hard filter that ``facts`` fail, each once. ``zone`` says which day it is.

    Who does not see the company is not told what it has to do with a prospect, neither by a sentence nor by who is missing: whoever named one
    company after another would come to know which it is. Those filters stand all the same when an admin proposes the person.
    """
    today = local_date(now, zone)
    found: list[no.Misfit] = []
    if sight is Sight.NONE:
        found.append(no.OnlyByAdmin())
    is_late = facts.status is Status.NEEDS_VERIFICATION
    if facts.status is Status.LEGAL_HOLD:
        found.append(no.Held())
    elif not is_late and (facts.status not in (Status.ACTIVE, Status.RESTING) or not facts.is_visible):
        is_active = facts.status in (Status.ACTIVE, Status.RESTING)
        told = no.NotFoundNow if facts.is_visible else no.HiddenNow if is_active else no.NeitherActiveNorShown
        found.append(told(status=STATUS_NAMES[facts.status]))
    found += _verified(facts, now, is_late) + _agreed(facts, needs) + _words(facts, needs)
    if sight is not Sight.VEILED:
        found += _prospect(facts, needs)
    if facts.nps is not None and facts.nps < LEAST_NPS:
        found.append(no.Detracts(score=facts.nps))
    if facts.renewal_on is not None and today <= facts.renewal_on <= today + timedelta(days=RENEWAL_DAYS):
        found.append(no.RenewalNear(day=facts.renewal_on))
    found += _budget(facts, today) + _there(facts, needs, today)
    return list({type(one): one for one in found}.values())


def _verified(facts: Facts, now: datetime, is_late: bool) -> list[no.Misfit]:
    if facts.verified_at is None:
        return [no.NeverVerified()]
    if is_late or facts.verified_at < verified_since(now):
        return [no.NotVerified(months=max(int((now - facts.verified_at).days / MONTH_DAYS), 1))]
    return []


def _agreed(facts: Facts, needs: Needs) -> list[no.Misfit]:
    unwanted = facts.standing is not None and ASK_OF[needs.activity].value in facts.standing.person.terms.unwanted
    if needs.activity in facts.never or unwanted:
        return [no.NeverThis()]
    return [] if needs.activity in facts.activities else [no.NoConsent()]


def _words(facts: Facts, needs: Needs) -> list[no.Misfit]:
    found: list[no.Misfit] = []
    if needs.product and key_of(needs.product) not in facts.products:
        found.append(no.OtherProduct(product=needs.product))
    if needs.language and key_of(needs.language) not in facts.languages:
        found.append(no.OtherLanguage(language=needs.language))
    return found


def _prospect(facts: Facts, needs: Needs) -> list[no.Misfit]:
    """The prospect's own group: the same name, or the same domain or one below it. A competitor: named in the account or in the profile."""
    key, domain = needs.prospect_key, needs.prospect_domain.strip().casefold().removeprefix("www.")
    if (key and key == facts.company_key) or (domain and facts.domain and _same_domain(domain, facts.domain)):
        return [no.OwnGroup()]
    barred = {name_key(one) for one in facts.competitors} | {key_of(one) for one in facts.not_for}
    named = {key, domain, domain.split(".")[0] if domain else ""} - {""}
    return [no.CompetesWithProspect(prospect=needs.prospect or needs.prospect_domain)] if named & barred else []


def _same_domain(one: str, other: str) -> bool:
    other = other.casefold()
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _budget(facts: Facts, today: date) -> list[no.Misfit]:
    """Caps, blocks and rest. The cap that frees later is told of, so that one person full at a full company fails once."""
    load = facts.load
    found: list[no.Misfit] = []
    if (load.is_person_full and load.free_on is None) or (load.is_company_full and load.company_free_on is None):
        found.append(no.TakesNone())
    elif load.is_person_full and not (load.is_company_full and (load.company_free_on or today) > (load.free_on or today)):
        found.append(no.AskedOften(used=load.used, most=load.cap.most, day=load.free_on))
    elif load.is_company_full and load.company_cap is not None:
        found.append(no.CompanyAskedOften(used=load.company_used, most=load.company_cap.most, day=load.company_free_on))
    for stop in facts.standing.against("") if facts.standing else ():
        if isinstance(stop, LegalHold):
            found.append(no.Held())
        elif isinstance(stop, OpenEscalation):
            found.append(no.Escalated())
        elif isinstance(stop, Resting | Paused | MonthOff):
            found.append(no.Away(day=stop.facts["day"]) if stop.facts["day"] else no.TakesNone())
        elif isinstance(stop, CannotBeAsked):
            found.append(no.CannotBeAskedHere())
    return found


def _there(facts: Facts, needs: Needs, today: date) -> list[no.Misfit]:
    """Whether there is a day for it: one that is neither blacked out nor in a month off, from today to the day it is needed by.

    The specification asks for the day itself; somebody who is back the day before can still help, so the whole stretch counts.
    """
    if facts.rests_until is not None and today < facts.rests_until:
        return [no.Away(day=facts.rests_until)]
    last = max(needs.needed_by or today, today)
    day = first_free_day(facts, today)
    if day is None:
        return [no.TakesNone()]
    if day <= last:
        return []
    return [no.AwayThatDay(needed=last, day=day)] if needs.needed_by else [no.Away(day=day)]


def first_free_day(facts: Facts, today: date) -> date | None:
    """Return the first day from ``today`` on that is in no blackout and no month off; None where none comes within two years."""
    sides = [facts.standing.person, *([facts.standing.company] if facts.standing.company else [])] if facts.standing else []
    months = {month for side in sides for month in side.terms.months_off}
    day = today
    while day < today + timedelta(days=730):
        if day.month in months:
            free = next_month_on(day, tuple(months))
            if free is None:
                return None
            day = free
            continue
        end = max((last for first, last in facts.blackouts if first <= day <= last), default=None)
        if end is None:
            return day
        day = end + timedelta(days=1)
    return None
