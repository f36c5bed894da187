"""The references importer: what a CRM or a spreadsheet knows of references, for people who are known here.

What a member wrote or agreed to themself is never overwritten by a file, unless it says ``overwrite``; and then too only what they wrote:
a consent that they gave or a thing they ruled out is theirs alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.imports.contract import DoneRow
from portal.imports.rules import cells
from portal.imports.rules.records import Applied, Context, Fault, Field, Outcome, Record, Step
from portal.kernel.actor import Actor
from portal.kernel.clock import CLOCK_DRIFT, local_date
from portal.kernel.db import programme_zone
from portal.kernel.text import N_, normal_email
from portal.people.models import Person
from portal.people.queries.persons import people_by_email, people_by_identity
from portal.people.rules.person import PersonState, ZoneUnknown, require_time_zone
from portal.profiles.actions.consenting import end_consent, record_consent
from portal.profiles.actions.editing import edit_facts, set_visible
from portal.profiles.actions.moving import move_profile
from portal.profiles.actions.opening import open_by_staff, verified
from portal.profiles.actions.removing import remove_profile
from portal.profiles.actions.rows import locked
from portal.profiles.models import ReferenceProfile
from portal.profiles.queries.profiles import does, facts_of, own_fields, profile_of
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.facts import MOST_WORDS, TEXT_LENGTH, WORD_LENGTH, Facts, split_words
from portal.profiles.rules.states import Move, Status, WordKind

KINDS, TIERS, YES_NO = tuple(activity.value for activity in Activity), ("1", "2", "3"), ("yes", "no")
WORDS = {"languages": WordKind.LANGUAGE, "products": WordKind.PRODUCT, "use_cases": WordKind.USE_CASE, "replaced": WordKind.REPLACED}
WORDS |= {"not_for": WordKind.NOT_FOR}
TEXTS = ("story", "results", "sensitivities", "time_zone")
LINE = 2_000
AT_ONCE = 500


class ReferencesImporter:
    """Opens profiles of people who are known here, and keeps them up to date. An empty cell changes nothing."""

    name = "references"
    title = N_("References")
    subject_type = "profile"
    fields = (
        Field(
            "external_id", N_("What the other system calls the reference; unique per source"), cells.text(150), True, aliases=("id", "reference id")
        ),
        Field("member_id", N_("What the other system calls the person; or give an e-mail address"), cells.text(200), aliases=("contact id",)),
        Field("member_email", N_("E-mail address of the person"), cells.email, aliases=("email", "mail", "contact email")),
        Field("activities", N_("What they do, such as call; review"), cells.text(LINE), aliases=("does", "reference types")),
        Field("consent", N_("What they agreed to, in their words; needed with activities"), cells.text(LINE), aliases=("consent text",)),
        Field("evidence", N_("Where and when they agreed; needed with activities"), cells.text(500), aliases=("consent evidence",)),
        Field("consent_until", N_("Last day on which that holds; without end if empty"), cells.moment, aliases=("consent expires",)),
        Field("tier", N_("Who may find them: 1 everybody, 2 through an admin, 3 the account owner; 2 if empty"), cells.choice(*TIERS), choices=TIERS),
        Field("languages", N_("Languages, separated by commas"), cells.text(LINE), aliases=("language",)),
        Field("products", N_("Products, separated by commas"), cells.text(LINE), aliases=("product",)),
        Field("use_cases", N_("What they use it for, separated by commas"), cells.text(LINE), aliases=("use case", "use cases")),
        Field("replaced", N_("What they used before, separated by commas"), cells.text(LINE), aliases=("competitors replaced",)),
        Field("not_for", N_("Companies they are never put in touch with"), cells.text(LINE)),
        Field("story", N_("What they use us for, and how it went"), cells.text(TEXT_LENGTH), aliases=("notes", "summary")),
        Field("results", N_("Results they reached"), cells.text(TEXT_LENGTH)),
        Field("sensitivities", N_("What to be careful about"), cells.text(TEXT_LENGTH)),
        Field("time_zone", N_("Time zone, such as Europe/Lisbon"), cells.text(64)),
        Field("verified_on", N_("Day on which all this was last confirmed"), cells.moment, aliases=("last verified",)),
        Field("visible", N_("Whether a new profile is active and shown; no if empty"), cells.choice(*YES_NO), choices=YES_NO),
        Field("overwrite", N_("Whether what the member wrote themself is overwritten; no if empty"), cells.choice(*YES_NO), choices=YES_NO),
    )

    def check(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, Sequence[Fault]]:
        """Find rows of nobody who is known here, activities that do not exist or without consent, too many words, moments in the future."""
        people = _people(session, records, context)
        able = _able(session, set(people.values()))
        found = {record.line: list(_faults(record, people.get(record.line), able, context)) for record in records}
        return {line: faults for line, faults in found.items() if faults}

    def match(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, int]:
        """Find people who have a profile already: of one person there is one."""
        people = _people(session, records, context)
        ids, there = sorted(set(people.values())), set[int]()
        for start in range(0, len(ids), AT_ONCE):
            there.update(session.scalars(select(ReferenceProfile.person_id).where(ReferenceProfile.person_id.in_(ids[start : start + AT_ONCE]))))
        return {line: person_id for line, person_id in people.items() if person_id in there}

    def steps(self, record: Record) -> Sequence[Step]:
        """A profile has no moment."""
        return (Step(),)

    def remarks(self, session: Session, records: Sequence[Record], context: Context) -> Sequence[Fault]:
        """Say how many rows leave something as the member wrote it."""
        kept = 0
        for record in records:
            person_id = _people(session, [record], context).get(record.line) if record["overwrite"] != "yes" else None
            row = profile_of(session, person_id) if person_id else None
            kept += row is not None and bool(_theirs(session, row, record))
        message = N_("Rows that leave something as the member wrote it themself: %(kept)s. With overwrite they would not.")
        return [Fault(message, {"kept": kept})] if kept else []

    def apply(self, session: Session, actor: Actor, record: Record, step: Step, subject_id: int | None, context: Context, now: datetime) -> Applied:
        """Open the profile, or change what differs."""
        person_id = subject_id or _people(session, [record], context)[record.line]
        row = profile_of(session, person_id)
        if row is None:
            open_by_staff(session, actor, person_id=person_id, facts=_wanted(record, Facts()), now=now)
            _consents(session, actor, person_id, record, now)
            _verify(session, person_id, record)
            if record["visible"] == "yes":
                move_profile(session, actor, person_id=person_id, way=Move.ACTIVATE, now=now)
                set_visible(session, actor, person_id=person_id, is_visible=True, now=now)
            return Applied(Outcome.CREATED, person_id)
        before = facts_of(session, row)
        wanted = _allowed(session, row, record)
        differing = edit_facts(session, actor, person_id=person_id, facts=wanted, now=now)
        given = _consents(session, actor, person_id, record, now)
        is_newer = _verify(session, person_id, record)
        if not (differing or given or is_newer):
            return Applied(Outcome.UNCHANGED, person_id)
        after = facts_of(session, session.get_one(ReferenceProfile, person_id))
        pairs: dict[str, Any] = {name: [_plain(before, name), _plain(after, name)] for name in differing}
        return Applied(Outcome.CHANGED, person_id, before=pairs | {"consents": [activity.value for activity in given]})

    def would_change(self, session: Session, record: Record, subject_id: int, context: Context) -> bool:
        """Tell whether the profile would differ afterwards."""
        row = session.get_one(ReferenceProfile, subject_id)
        wanted, here = _allowed(session, row, record), facts_of(session, row)
        names = ("tier", *TEXTS, *(kind.value for kind in WordKind))
        is_newer = record["verified_on"] is not None and (row.verified_at is None or record["verified_on"] > row.verified_at)
        return (
            is_newer
            or any(_plain(wanted, name) != _plain(here, name) for name in names)
            or bool(_new_kinds(session, subject_id, record, context.now))
        )

    def undo(self, session: Session, actor: Actor, row: DoneRow, now: datetime) -> bool:
        """Remove a profile that was opened and that nobody touched since; give an edited one back what it had, where nobody changed it since."""
        if row.outcome is Outcome.CREATED:
            return remove_profile(session, actor, person_id=row.subject_id, now=now)
        before = dict(row.before or {})
        for kind in before.pop("consents", ()):
            if _is_staffs(session, row.subject_id, Activity(kind), now):
                end_consent(session, actor, person_id=row.subject_id, activity=Activity(kind), now=now)
        here = facts_of(session, session.get_one(ReferenceProfile, row.subject_id))
        back = {name: old for name, (old, new) in before.items() if _plain(here, name) == new}
        words = {kind: tuple(back.get(kind.value, here.words.get(kind, ()))) for kind in WordKind}
        texts = {name: value for name, value in back.items() if name in ("tier", *TEXTS)}
        edit_facts(session, actor, person_id=row.subject_id, facts=replace(here, **texts, words=words), now=now)
        return True


def _people(session: Session, records: Sequence[Record], context: Context) -> dict[int, int]:
    """Return whom each row means, by line; who is unknown is left out."""
    by_id = people_by_identity(session, context.source, {r["member_id"] for r in records if r["member_id"]})
    by_email = people_by_email(session, {r["member_email"] for r in records if r["member_email"]})
    found = {r.line: by_id.get(r["member_id"] or "") or by_email.get(normal_email(r["member_email"]) or "") for r in records}
    return {line: person_id for line, person_id in found.items() if person_id}


def _able(session: Session, ids: set[int]) -> set[int]:
    ordered, found = sorted(ids), set[int]()
    for start in range(0, len(ordered), AT_ONCE):
        some = (Person.id.in_(ordered[start : start + AT_ONCE]), Person.is_advocate, Person.state != PersonState.DEACTIVATED)
        found.update(session.scalars(select(Person.id).where(*some)))
    return found


def _faults(record: Record, person_id: int | None, able: set[int], context: Context) -> Iterable[Fault]:
    named = "member_email" if record["member_email"] else "member_id"
    if not record["member_id"] and not record["member_email"]:
        yield Fault(N_("has neither member_id nor member_email"))
    elif person_id is None:
        yield Fault(N_("is nobody who is known here"), {}, named)
    elif person_id not in able:
        yield Fault(N_("is no customer’s person"), {}, named)
    kinds = split_words(record["activities"] or "")
    for kind in kinds:
        if kind not in KINDS:
            yield Fault(N_("“%(value)s” is none of %(known)s"), {"value": kind[:80], "known": ", ".join(KINDS)}, "activities")
    for name in ("consent", "evidence") if kinds else ():
        if not record[name]:
            yield Fault(N_("is empty; nobody may be asked without it"), {}, name)
    for name in WORDS:
        words = split_words(record[name] or "")
        if len(words) > MOST_WORDS or any(len(word) > WORD_LENGTH for word in words):
            yield Fault(
                N_("holds more than %(most)s words, or longer ones than %(length)s characters"), {"most": MOST_WORDS, "length": WORD_LENGTH}, name
            )
    try:
        require_time_zone(record["time_zone"])
    except ZoneUnknown:
        yield Fault(N_("is no time zone"), {}, "time_zone")
    if record["verified_on"] and record["verified_on"] > context.now + CLOCK_DRIFT:
        yield Fault(N_("lies in the future"), {}, "verified_on")


def _wanted(record: Record, here: Facts) -> Facts:
    """Return what the profile would say: what the record fills, and the rest as it is."""
    texts = {name: record[name] for name in TEXTS if record[name] is not None}
    words = {kind: split_words(record[name]) for name, kind in WORDS.items() if record[name]}
    return replace(here, tier=int(record["tier"]) if record["tier"] else here.tier, **texts, words={**here.words, **words})


def _theirs(session: Session, row: ReferenceProfile, record: Record) -> set[str]:
    """Return the fields that the record would write and that the member wrote themself last."""
    wanted, here = _wanted(record, facts_of(session, row)), facts_of(session, row)
    own = own_fields(session, row.person_id)
    return {name for name in (*TEXTS, *(kind.value for kind in WordKind)) if name in own and _plain(wanted, name) != _plain(here, name)}


def _allowed(session: Session, row: ReferenceProfile, record: Record) -> Facts:
    here = facts_of(session, row)
    wanted, kept = _wanted(record, here), _theirs(session, row, record) if record["overwrite"] != "yes" else set()
    texts = {name: getattr(here, name) for name in TEXTS if name in kept}
    words = {kind: here.words.get(kind, ()) if kind.value in kept else wanted.words.get(kind, ()) for kind in WordKind}
    return replace(wanted, **texts, words=words)


def _new_kinds(session: Session, person_id: int, record: Record, now: datetime) -> list[Activity]:
    """Return what the record brings consent for and what stands not yet: nothing that the member said themself, whatever it is."""
    settled = {one.activity for one in does(session, person_id, now) if one.holds or one.is_never or one.is_own}
    return [Activity(kind) for kind in dict.fromkeys(split_words(record["activities"] or "")) if Activity(kind) not in settled]


def _consents(session: Session, actor: Actor, person_id: int, record: Record, now: datetime) -> list[Activity]:
    given = _new_kinds(session, person_id, record, now)
    until = local_date(record["consent_until"], programme_zone(session)) if record["consent_until"] else None
    for activity in given:
        facts: dict[str, Any] = {"words": record["consent"], "note": record["evidence"], "until": until}
        record_consent(session, actor, person_id=person_id, activity=activity, **facts, now=now)
    return given


def _is_staffs(session: Session, person_id: int, activity: Activity, now: datetime) -> bool:
    return any(one.activity is activity and one.holds and not one.is_own for one in does(session, person_id, now))


def _verify(session: Session, person_id: int, record: Record) -> bool:
    """Keep when all was confirmed elsewhere, where that is later than what is known here; tells whether it was."""
    at = record["verified_on"]
    row = locked(session, person_id) if at is not None else None
    if row is None or (row.verified_at is not None and row.verified_at >= at) or row.status in (Status.RETIRED, Status.LEGAL_HOLD):
        return False
    verified(session, row, None, at)
    session.flush()
    return True


def _plain(facts: Facts, name: str) -> Any:
    """Return a fact as JSON."""
    return sorted(facts.words.get(WordKind(name), ())) if name in set(WordKind) else getattr(facts, name)
