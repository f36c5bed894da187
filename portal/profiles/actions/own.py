"""What somebody does with their own profile: rest, be asked less, change what they do, stop. By their page, or by a link without signing in."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.actions.answering import answer_ask, get_ask
from portal.acts.actions.saying import set_own_terms
from portal.acts.models.asks import OpenAsk
from portal.acts.queries.budget import budget_of
from portal.acts.rules.asks import ASK_KIND_NAMES, AskKind
from portal.acts.rules.terms import Terms
from portal.audit.actions import record
from portal.consents.actions import withdraw_own
from portal.consents.models import Consent
from portal.kernel.actor import ADVOCATE, Actor
from portal.kernel.clock import micros
from portal.kernel.errors import NotAllowed
from portal.notifications.actions import notify
from portal.notifications.rules import Recipient
from portal.people.queries.persons import admins, get_person, recipient, recipients
from portal.profiles.actions.consenting import KEPT, end_staffs, follow_consents, give_own, take_back_own
from portal.profiles.actions.editing import edit_own_facts
from portal.profiles.actions.links import own_link
from portal.profiles.actions.rows import CalledOff, locked, move, tell_removed, today_of, touch
from portal.profiles.models import ReferenceProfile
from portal.profiles.queries.profiles import activities_by, does, facts_of, held, profile_of, profile_to_change, stands
from portal.profiles.rules.activity import ACTIVITY_NAMES, Activity, untouched
from portal.profiles.rules.facts import OWN_WORDS
from portal.profiles.rules.fresh import PAUSE_DAYS
from portal.profiles.rules.refusals import CannotMove, NoSlotLess
from portal.profiles.rules.states import Move, Retired, Status, WordKind


def pause(session: Session, actor: Actor, *, person_id: int, now: datetime) -> ReferenceProfile:
    """Ask the person for nothing for 90 days, or longer where they had said so: their profile rests, and no door asks them.

    Refuses NotAllowed and, once retired, CannotMove.
    """
    row = _own(session, actor, person_id)
    terms = _terms(session, person_id, now)
    asked = today_of(session, now) + timedelta(days=PAUSE_DAYS)
    until = max(filter(None, (asked, row.rests_until, terms.paused_until)))  # who said "not until summer" is not asked earlier
    if row.status in (Status.RETIRED, Status.LEGAL_HOLD):
        raise CannotMove()
    if row.status == Status.ACTIVE:
        row = move(session, actor, person_id, Move.REST, now, rests_until=until)
    row.rests_until = until
    touch(row, now)
    session.flush()
    record(session, actor, "profile.paused", "profile", person_id, now=now, until=until.isoformat())
    _set_terms(session, actor, replace(terms, paused_until=until), now)
    return row


def resume(session: Session, actor: Actor, *, person_id: int, now: datetime) -> ReferenceProfile:
    """End the pause. Refuses NotAllowed."""
    row = _own(session, actor, person_id)
    if row.status == Status.RESTING:
        row = move(session, actor, person_id, Move.RESUME, now)
    row.rests_until = None
    touch(row, now)
    session.flush()
    record(session, actor, "profile.unpaused", "profile", person_id, now=now)
    follow_consents(session, actor, person_id, now)
    _set_terms(session, actor, replace(_terms(session, person_id, now), paused_until=None), now)
    return row


def lower_limit(session: Session, actor: Actor, *, person_id: int, most: int, now: datetime) -> None:
    """Let the person be asked less often than now, in the same number of days; 0 is not at all. Refuses NotAllowed, NoSlotLess, CapInvalid.

    More is said where they are signed in, on the page about being asked: a mail that was passed on must not raise it.
    """
    row = _own(session, actor, person_id)
    budget = budget_of(session, person_id, now).person
    if most >= budget.most:
        raise NoSlotLess(most=budget.most)
    _set_terms(session, actor, replace(budget.terms, most=most), now)
    touch(row, now)
    session.flush()


def change_what_i_do(
    session: Session,
    actor: Actor,
    *,
    person_id: int,
    wanted: Mapping[Activity, bool | None],
    words: Mapping[Activity, str],
    until: Mapping[Activity, date | None] | None = None,
    seen: Mapping[Activity, date | None] | None = None,
    shown: Mapping[Activity, bool | None] | None = None,
    now: datetime,
) -> list[Activity]:
    """Set what the person does: True with a consent to exactly ``words`` through the day in ``until``, None not, False never. Return what differed.

    What is not among ``wanted``, and a day not among ``until``, stays; so does the day of their own yes where ``until`` says but what the page
    showed when it was opened (``seen``), and everything of a kind that is sent as that page showed it (``shown``), whatever was written since;
    but a yes that staff wrote down, and that stands as shown, becomes their own by being kept. The account owner and the admins read in one
    message what was taken back, and whether nothing is left: then the profile rests, and their next yes ends that.

    Refuses NotAllowed, a day that is over (``YesOver``) and, once retired, CannotMove.
    """
    row = _own(session, actor, person_id)
    if row.status == Status.RETIRED:
        raise CannotMove()
    holding = [one for one in does(session, person_id, now) if one.holds]
    stood, own = {one.activity for one in holding}, {one.activity for one in holding if one.is_own}
    staffs = {one.activity: one.consent.expires_on for one in holding if not one.is_own and one.consent is not None}
    left_alone = untouched(wanted, until or {}, shown or {}, seen or {})
    left_alone -= {one for one, last in staffs.items() if wanted.get(one) and one in (seen or {}) and (seen or {})[one] == last}
    differing = []
    for activity in Activity:
        if activity not in wanted or activity in left_alone:
            continue
        if wanted[activity]:
            last = (until or {}).get(activity, KEPT)
            if activity in own and last == (seen or {}).get(activity, KEPT):
                last = KEPT
            is_new = give_own(session, actor, person_id=person_id, activity=activity, words=words[activity], until=last, now=now)
        else:
            is_new = take_back_own(session, actor, person_id=person_id, activity=activity, never=wanted[activity] is False, now=now)
        differing += [activity] if is_new else []
    if differing:
        facts = {"given": [a.value for a in differing if wanted[a]], "taken": [a.value for a in differing if not wanted[a]]}
        record(session, actor, "profile.does_changed", "profile", person_id, now=now, **facts)
        follow_consents(session, actor, person_id, now)
        taken = [activity for activity in differing if activity in stood and not wanted[activity]]
        if taken:
            _tell_taken_back(session, person_id, taken, now)
    return differing


def hear_withdrawn(session: Session, actor: Actor, ended: Sequence[Consent], besides: Collection[int], now: datetime) -> None:
    """Hear that somebody withdrew consents elsewhere: on the page of all they allowed, or by the link of a nomination.

    Who looks after the account reads what was taken back; the admins, and whoever is among ``besides``, are told of it there.
    """
    person_id = ended[0].person_id
    if actor.id != person_id or profile_of(session, person_id) is None:
        return
    lost = set(activities_by(session, [one.id for one in ended]))
    follow_consents(session, actor, person_id, now)
    owner_id = held(session, person_id).owner_id or 0
    known = {admin.person_id for admin in admins(session)} | {person_id, *besides}
    if lost and owner_id not in known:
        _tell_taken_back(session, person_id, [one for one in Activity if one in lost], now, to=recipients(session, [owner_id]))


def _tell_taken_back(session: Session, person_id: int, taken: Sequence[Activity], now: datetime, to: Mapping[int, Recipient] | None = None) -> None:
    facts = {"activities": [ACTIVITY_NAMES[activity] for activity in taken], "nothing_left": not stands(session, person_id)}
    _tell(session, person_id, "profile_taken_back", facts, now, to)


def say_of_myself(
    session: Session, actor: Actor, *, person_id: int, story: str, words: Mapping[WordKind, tuple[str, ...]], now: datetime
) -> list[str]:
    """Write what the person says of themself: their story, languages, what they use us for. Refuses NotAllowed, TooManyWords."""
    row = _own(session, actor, person_id)
    here = facts_of(session, row)
    own = {kind: words.get(kind, here.words.get(kind, ())) for kind in OWN_WORDS}
    return edit_own_facts(session, actor, person_id=person_id, facts=replace(here, story=story, words={**here.words, **own}), now=now)


def remove_me(session: Session, actor: Actor, *, person_id: int, now: datetime, asks_nothing: bool = False) -> ReferenceProfile:
    """Take the person out, at once: retired by their own wish, hidden, every consent ended, what is proposed or asked taken back.

    A second time changes nothing; of a profile that staff had retired, it is their wish that counts from now on. Only they can come back.
    Points, acts and what was published with their consent are other matters, and so are surveys and invitations, which need no profile:
    ``asks_nothing`` stops these as well, as if they had set their limit to none.
    """
    row = _own(session, actor, person_id)
    if row.retired_as == Retired.OWN_WISH:
        _stop_all(session, actor, asks_nothing, now)
        return row
    told, called_off = _told(session, person_id), list[CalledOff]()
    if row.status == Status.RETIRED:
        row.retired_as, row.status_reason = Retired.OWN_WISH, ""
        touch(row, now)
        session.flush()
    else:
        row = move(session, actor, person_id, Move.RETIRE, now, retired_as=Retired.OWN_WISH, is_heard=False)
        called_off = tell_removed(session, actor, person_id, now, set(told))
    end_staffs(session, actor, person_id, now)
    standing = [one.consent.id for one in does(session, person_id, now) if one.consent is not None and one.consent.ended_at is None]
    withdraw_own(session, actor, consent_ids=standing, now=now)
    for ask_id in session.scalars(select(OpenAsk.ask_id).where(OpenAsk.person_id == person_id).order_by(OpenAsk.ask_id)).all():
        ask = get_ask(session, ask_id)
        answer_ask(session, actor, ask_id=ask_id, is_yes=False, is_told=ask.asked_by_id not in told, now=now)
        if ask.asked_by_id in told:
            called_off.append(CalledOff(frozenset({ask.asked_by_id}), ASK_KIND_NAMES[AskKind(ask.kind)], ask.about))
    record(session, actor, "profile.removed_self", "profile", person_id, now=now)
    _stop_all(session, actor, asks_nothing, now)
    takes_none = budget_of(session, person_id, now).person.most == 0
    for reader_id in told:
        lost = [[one.activity, one.about] for one in called_off if reader_id in one.followers]
        _tell(session, person_id, "profile_removed", {"called_off": lost, "asks_nothing": takes_none}, now, to={reader_id: told[reader_id]})
    return row


def send_own_link(session: Session, actor: Actor, *, person_id: int, now: datetime) -> None:
    """Mail somebody the link to their own page, which needs no password. Refuses NotFound who may not change the profile."""
    profile_to_change(session, actor, person_id)
    to = replace(recipient(session, person_id), person_id=None)
    data = {"person": to.name}
    notify(
        session,
        to=to,
        kind="profile_own",
        data=data,
        key=f"profile_own:{person_id}:{micros(now)}",
        link=own_link(session, person_id=person_id, now=now),
        now=now,
    )
    record(session, actor, "profile.link_sent", "profile", person_id, now=now)


def _own(session: Session, actor: Actor, person_id: int) -> ReferenceProfile:
    if actor.id != person_id:
        raise NotAllowed()
    return locked(session, person_id)


def _terms(session: Session, person_id: int, now: datetime) -> Terms:
    return budget_of(session, person_id, now).person.terms


def _set_terms(session: Session, actor: Actor, terms: Terms, now: datetime) -> None:
    """Say it to the one owner of these numbers, as a member would on their own page."""
    set_own_terms(session, Actor(actor.id, frozenset({ADVOCATE}), actor.origin), terms=terms, now=now)


def _stop_all(session: Session, actor: Actor, asks_nothing: bool, now: datetime) -> None:
    """Set the limit to none, where they want that. After all asks are answered: these lock companies before people."""
    if asks_nothing and actor.id is not None:
        _set_terms(session, actor, replace(_terms(session, actor.id, now), most=0), now)


def _told(session: Session, person_id: int) -> dict[int, Recipient]:
    """Return who looks after the company, and the admins, once each."""
    found = [*admins(session), *recipients(session, [held(session, person_id).owner_id or 0]).values()]
    return {to.person_id: to for to in found if to.person_id is not None and to.person_id != person_id}


def _tell(session: Session, person_id: int, kind: str, facts: Mapping[str, object], now: datetime, to: Mapping[int, Recipient] | None = None) -> None:
    whose = held(session, person_id)
    data = {"person": get_person(session, person_id).name, "company": whose.company.name if whose.company else "", **facts}
    for one in (_told(session, person_id) if to is None else to).values():
        notify(session, to=one, kind=kind, data=data, key=f"{kind}:{person_id}:{micros(now)}", link=f"/profiles/{person_id}", now=now)
