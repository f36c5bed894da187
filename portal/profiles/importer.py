"""The references importer: what a CRM or a spreadsheet knows of references, for people who are known here.

What a member or staff wrote here by hand is never overwritten by a file, unless the import or the row says so; and then too only what they
wrote: a consent that they gave or took back and a thing that they ruled out are theirs alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.imports.contract import DoneRow
from portal.imports.rules import cells
from portal.imports.rules.records import Applied, Context, Difference, Fault, Field, Outcome, Record, Step
from portal.kernel.actor import Actor
from portal.kernel.clock import CLOCK_DRIFT, local_date
from portal.kernel.db import programme_zone
from portal.kernel.text import N_, normal_email
from portal.people.importer import LEFT_ALONE
from portal.people.models import Person
from portal.people.queries.persons import people_by_email, people_by_identity
from portal.people.rules.person import PersonState, ZoneUnknown, require_time_zone
from portal.profiles.actions.consenting import record_consent
from portal.profiles.actions.editing import edit_facts, set_visible
from portal.profiles.actions.giving_back import BACK, consents_before, give_back, verification
from portal.profiles.actions.moving import move_profile
from portal.profiles.actions.opening import confirmed, open_by_staff
from portal.profiles.actions.removing import remove_profile
from portal.profiles.actions.rows import locked
from portal.profiles.models import ReferenceProfile
from portal.profiles.queries.importing import here_of
from portal.profiles.queries.profiles import profile_of
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.facts import MOST_WORDS, TEXT_LENGTH, WORD_LENGTH, split_words
from portal.profiles.rules.importing import CLOSED, CONSENT, DOES, VERIFIED, WORDS, Change, Here, change_of, is_over, kinds_of
from portal.profiles.rules.states import Move

KEPT = N_("Rows that leave something as somebody wrote it here: %(kept)s. With overwrite most of it is written over.")
OVER = N_("Rows whose consent has run out, so that nothing is written down of it: %(over)s.")
CLOSED_STAYS = N_("stays as it is, since the profile is retired or under legal hold; the file says “%(value)s”")
WORDS_STAY = N_("stays in the words that were agreed to, “%(here)s”; the file says “%(value)s”. Write other words down on the profile")
KINDS, TIERS, YES_NO = tuple(activity.value for activity in Activity), ("1", "2", "3"), ("yes", "no")
LINE = 2_000
AT_ONCE = 500


class ReferencesImporter:
    """Opens profiles of people who are known here, and keeps them up to date. An empty cell changes nothing."""

    name = "references"
    title = N_("References")
    subject_type = "profile"
    keeps_by_hand = True
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
        Field("overwrite", N_("Whether what the member or staff wrote here is overwritten; no if empty"), cells.choice(*YES_NO), choices=YES_NO),
    )

    def check(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, Sequence[Fault]]:
        """Find rows of nobody who is known here, activities that do not exist or without consent, too many words, moments in the future."""
        people = _people(session, records, context)
        able = _able(session, set(people.values()))
        found = {record.line: list(_faults(record, people.get(record.line), able, context)) for record in records}
        first = dict[int, int]()
        for line, person_id in sorted(people.items()):
            if first.setdefault(person_id, line) != line:
                found[line].append(Fault(N_("means the same person as line %(line)s"), {"line": first[person_id]}))
        return {line: faults for line, faults in found.items() if faults}

    def also_wrong(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, Sequence[Fault]]:
        """Judge rows of which some cells cannot be read by the others."""
        people = _people(session, records, context)
        able = _able(session, set(people.values()))
        return {record.line: list(_faults(record, people.get(record.line), able, context)) for record in records}

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
        """Say how many rows leave something as somebody wrote it here, and how many bring a consent that has run out."""
        people, zone = _people(session, records, context), programme_zone(session)
        here, today = here_of(session, set(people.values()), context.now), local_date(context.now, zone)
        known = [(record, here[people[record.line]]) for record in records if people.get(record.line) in here]
        kept = sum(bool(_change(record, one, context).kept) for record, one in known)
        over = sum(bool(kinds_of(record)) and is_over(record, today, zone) for record in records)
        said = (KEPT, "kept", kept), (OVER, "over", over)
        return [Fault(message, {name: number}) for message, name, number in said if number]

    def gather(self, session: Session, records: Sequence[Record], known: Mapping[str, int], context: Context) -> None:
        """Read what the rows are compared with, for all of them at once."""
        context.memo["here"] = here_of(session, {known[record.external_id] for record in records}, context.now)

    def apply(self, session: Session, actor: Actor, record: Record, step: Step, subject_id: int | None, context: Context, now: datetime) -> Applied:
        """Open the profile, or change what differs."""
        person_id = subject_id or _people(session, [record], context)[record.line]
        if profile_of(session, person_id) is None:
            return self._open(session, actor, record, person_id, context, now)
        row = locked(session, person_id)
        change = _change(record, here_of(session, [person_id], now)[person_id], context)
        is_closed = row.status in CLOSED
        why = {name: CLOSED_STAYS if is_closed and name in (DOES, VERIFIED) else LEFT_ALONE for name in change.kept}
        why |= {CONSENT: WORDS_STAY}
        notes = tuple(Fault(why[name], {"value": _shown(new)[:80], "here": _shown(old)[:80]}, name) for name, (old, new) in change.kept.items())
        if not change.written:
            return Applied(Outcome.UNCHANGED, person_id, notes=notes)
        was = verification(row)
        edit_facts(session, actor, person_id=person_id, facts=change.facts, is_import=True, now=now)
        stood = consents_before(session, person_id, change.given)
        _consents(session, actor, person_id, record, change.given, now)
        if change.verified_at is not None:
            confirmed(session, locked(session, person_id), change.verified_at, is_doubted=change.is_doubted, now=now)
        back: dict[str, Any] = {"consents": stood, "edits": dict(change.overwritten)}
        is_now = verification(session.get_one(ReferenceProfile, person_id))
        if is_now != was:
            back["verified"] = [was, is_now]
        pairs = {name: list(pair) for name, pair in change.written.items()}
        return Applied(Outcome.CHANGED, person_id, before=pairs | {BACK: back}, notes=notes)

    def would_change(self, session: Session, record: Record, subject_id: int, context: Context) -> bool:
        """Tell whether the profile would differ afterwards."""
        return bool(_change(record, _here(session, subject_id, context), context).written)

    def differences(self, session: Session, record: Record, subject_id: int, context: Context) -> Sequence[Difference]:
        """Tell which fields the record says otherwise, and which of them stay as somebody said or wrote them here."""
        change = _change(record, _here(session, subject_id, context), context)
        pairs = [(name, pair, False) for name, pair in change.written.items()] + [(name, pair, True) for name, pair in change.kept.items()]
        return [Difference(record.line, record.external_id, name, old, new, is_kept) for name, (old, new), is_kept in pairs]

    def undo(self, session: Session, actor: Actor, row: DoneRow, now: datetime) -> bool:
        """Remove a profile that was opened and that nobody touched since; give an edited one back what it had, where nobody changed it since."""
        if row.outcome is Outcome.CREATED:
            return remove_profile(session, actor, person_id=row.subject_id, now=now)
        return give_back(session, actor, row.subject_id, dict(row.before or {}), now)

    def _open(self, session: Session, actor: Actor, record: Record, person_id: int, context: Context, now: datetime) -> Applied:
        change = _change(record, Here(), context)
        open_by_staff(session, actor, person_id=person_id, facts=change.facts, now=now)
        _consents(session, actor, person_id, record, change.given, now)
        if change.verified_at is not None:
            confirmed(session, locked(session, person_id), change.verified_at, is_doubted=False, now=now)
        if record["visible"] == "yes":
            move_profile(session, actor, person_id=person_id, way=Move.ACTIVATE, now=now)
            set_visible(session, actor, person_id=person_id, is_visible=True, now=now)
        return Applied(Outcome.CREATED, person_id)


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


def _here(session: Session, person_id: int, context: Context) -> Here:
    """Return what was gathered of somebody, or what is read now."""
    gathered: Mapping[int, Here] = context.memo.get("here", {})
    return gathered[person_id] if person_id in gathered else here_of(session, [person_id], context.now).get(person_id, Here())


def _change(record: Record, here: Here, context: Context) -> Change:
    today = local_date(context.now, context.zone)
    return change_of(record, here, is_overwriting=context.is_overwriting, today=today, zone=context.zone)


def _consents(session: Session, actor: Actor, person_id: int, record: Record, given: Sequence[Activity], now: datetime) -> None:
    until = local_date(record["consent_until"], programme_zone(session)) if record["consent_until"] else None
    facts: dict[str, Any] = {"words": record["consent"], "note": record["evidence"], "until": until}
    for activity in given:
        record_consent(session, actor, person_id=person_id, activity=activity, **facts, now=now)


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
