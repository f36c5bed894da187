"""A small world of people in which audiences are tried, and a slow plain reading of the rules over its rows, without the engine."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.actions import record_act, reverse_act
from portal.challenges.actions.editing import edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.review import accept_early, approve_attempt, decline_attempt
from portal.challenges.actions.stages import add_stage
from portal.challenges.models.offering import Stage
from portal.challenges.queries.stages import stages_of
from portal.kernel.actor import system
from portal.kernel.tracks import Track
from portal.people.actions.interests import set_interests
from portal.people.actions.tags import tag_person
from portal.people.models import Person, Tag
from portal.people.rules.interest import Interest, Wish
from portal.recognition.actions.holdings import give_badge, revoke_badge
from portal.recognition.models import BadgeHolding, Level
from tests.factories.challenges import as_advocate, make_challenge, make_draft, make_submission
from tests.factories.people import make_company, make_contact, make_person
from tests.factories.recognition import give_points, make_badge

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PEOPLE = 24
INDUSTRIES, SIZES, REGIONS, COUNTRIES = ("Retail", "Transport", ""), ("1–49", "5,000+"), ("Bavaria", "Nordics"), ("Germany", "Norway", "")
TAGS, LANGUAGES = ("VIP", "Beta", "Quiet"), ("de", "en", "fr")
ANSWERS = ("Sales", "Support", "IT")
QUESTIONS: list[dict[str, Any]] = [
    {"id": "one", "ask": "Which?", "way": "one", "choices": list(ANSWERS), "is_required": False},
    {"id": "many", "ask": "Which of these?", "way": "many", "choices": ["Sales", "IT", "Élan, “8”"], "is_required": False},
    {"id": "scale", "ask": "How much?", "way": "scale", "low": 0, "high": 8, "is_required": False},
    {"id": "text", "ask": "Why?", "way": "text", "is_required": False},
]
SEVERAL = ("answer", "nps", "refer")
SAID = (*ANSWERS, "Élan, “8”", "0", "8", "10")


@dataclass
class Somebody:
    """What is known of one person, in plain words."""

    id: int
    industry: str = ""
    size: str = ""
    region: str = ""
    country: str = ""
    language: str = ""
    roles: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    wishes: dict[str, str] = field(default_factory=dict)
    joined: datetime | None = None
    lifetime: int = 0
    acts: list[tuple[str, str, datetime]] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    answers: dict[int, list[list[tuple[str, str]]]] = field(default_factory=dict)
    badges: set[str] = field(default_factory=set)


@dataclass
class World:
    """Everybody, and what rules can name."""

    people: list[Somebody]
    tag_ids: dict[str, str]
    challenge_ids: list[str]
    stage_ids: list[int]
    levels: list[tuple[str, int]] = field(default_factory=list)
    badge_ids: list[str] = field(default_factory=list)
    same_steps: dict[int, set[int]] = field(default_factory=dict)


def make_world(session: Session) -> World:
    """Make people of every description, through the real actions; chance is the same each time."""
    random = Random(7)
    companies = [
        make_company(session, name=f"Firm {n}", industry=i, size=s, region=r, country=c)
        for n, (i, s, r, c) in enumerate((i, s, r, c) for i in INDUSTRIES for s in SIZES for r in REGIONS for c in COUNTRIES)
    ]
    began = NOW - timedelta(days=300)
    challenges = [make_challenge(session, title=f"Task {n}", stages=("answer",), now=began) for n in range(3)]
    challenges += [_make_survey(session, "questions", {"questions": QUESTIONS}), make_challenge(session, stages=("nps",), now=began)]
    challenges.append(make_challenge(session, title="Several", stages=SEVERAL, now=began))
    tasks = [(challenge, [stage.id for stage in stages_of(session, challenge.id)]) for challenge in challenges]
    people = [_make_somebody(session, random, n, companies, tasks) for n in range(PEOPLE)]
    session.flush()
    steps = [{stage} for _challenge, stages in tasks for stage in stages]
    for challenge, versions in list(zip(challenges, steps, strict=False))[:2]:
        edit_challenge(session, system("test"), challenge_id=challenge.id, offer=replace(offer_of(challenge), points=50), now=NOW)
        publish_challenge(session, system("test"), challenge_id=challenge.id, now=NOW)
        versions.add(stages_of(session, challenge.id)[0].id)
    session.flush()
    ids, same = sorted(set().union(*steps)), {stage: versions for versions in steps for stage in versions}
    tags = {tag.name: str(tag.id) for tag in session.scalars(select(Tag))}
    levels = [(str(level.id), level.threshold) for level in session.scalars(select(Level).order_by(Level.threshold))]
    return World(people, tags, [str(challenge.id) for challenge in challenges], ids, levels, _give_badges(session, people), same)


def _make_survey(session: Session, kind: str, options: dict[str, Any]) -> Any:
    made = make_draft(session, title="Survey", stages=(), now=NOW - timedelta(days=300))
    add_stage(session, system("test"), challenge_id=made.id, kind=kind, title="Asked", options=options, now=NOW)
    return publish_challenge(session, system("test"), challenge_id=made.id, now=NOW - timedelta(days=300))


def _give_badges(session: Session, people: list[Somebody]) -> list[str]:
    """Give two badges to some people, and take some back."""
    random, given = Random(8), []
    for name in ("First", "Second"):
        badge = make_badge(session, rule="hand", name=name, now=NOW)
        given.append(str(badge.id))
        for one in random.sample(people, PEOPLE // 3):
            give_badge(session, system("test"), badge_id=badge.id, person_id=one.id, reason="Thanks", now=NOW)
            one.badges.add(str(badge.id))
            if random.random() < 0.3:
                held = select(BadgeHolding.id).where(BadgeHolding.badge_id == badge.id, BadgeHolding.person_id == one.id)
                revoke_badge(session, system("test"), holding_id=session.scalars(held).one(), reason="By mistake", now=NOW)
                one.badges.remove(str(badge.id))
    return given


def _make_somebody(session: Session, random: Random, n: int, companies: list[Any], tasks: list[tuple[Any, list[int]]]) -> Somebody:
    company = random.choice(companies) if random.random() < 0.8 else None
    roles = {"advocate"} | ({"employee"} if random.random() < 0.2 else set()) | ({"admin"} if random.random() < 0.15 else set())
    language = random.choice((*LANGUAGES, None))
    joined = NOW - timedelta(days=random.choice((0, 1, 10, 30, 31, 200)), hours=random.choice((0, 0, 5)))
    make = make_contact if random.random() < 0.15 else make_person
    person = make(session, name=f"Somebody {n}", company_id=company.id if company else None, roles=roles, language=language, now=joined)
    known = Somebody(person.id, language=language or "en", roles=roles, joined=person.joined_at)
    if company:
        known.industry, known.size, known.region, known.country = company.industry, company.size, company.region, company.country
    for tag in random.sample(TAGS, random.randrange(3)):
        tag_person(session, system("test"), person_id=person.id, tag=tag, now=NOW)
        known.tags.add(tag)
    wishes = {interest: random.choice(list(Wish)) for interest in random.sample(list(Interest), random.randrange(4))}
    set_interests(session, system("test"), person_id=person.id, wishes=wishes, now=NOW)
    known.wishes = {interest.value: wish.value for interest, wish in wishes.items()}
    for _ in range(random.choice((0, 0, 1, 3, 5))):
        _act(session, random, known)
    points = random.choice((0, 10, 500))
    if points:
        give_points(session, person.id, points, at=NOW - timedelta(days=20))
        known.lifetime += points
    if make is make_person:
        for challenge, stage_ids in random.sample(tasks, random.randrange(len(tasks) + 1)):
            _answer(session, random, known, person, challenge, stage_ids)
    return known


def _act(session: Session, random: Random, known: Somebody) -> None:
    track, kind = random.choice(list(Track)), random.choice(("nomination", "call", "unrewarded"))
    at = NOW - timedelta(days=random.choice((0, 5, 30, 90, 100)))
    number = known.id * 1_000 + len(known.acts) + random.randrange(900)
    source = {"source_type": f"test-{len(known.acts)}-{number}", "source_id": number}
    facts = {"company_id": None, "kind": kind, "track": track, **source, "points": 1, "happened_at": at}
    record_act(session, system("test"), person_id=known.id, **facts, now=NOW)
    if random.random() < 0.2:
        reverse_act(session, system("test"), **source, now=NOW)
    else:
        known.acts.append((track.value, kind, at))


def _answer(session: Session, random: Random, known: Somebody, person: Person, challenge: Any, stage_ids: list[int]) -> None:
    from portal.challenges.actions.answering import save_answers, submit_attempt, withdraw_submission

    at = NOW - timedelta(days=random.choice((2, 40)))
    end = random.choice(("open", "waiting", "approved", "early", "early", "declined", "withdrawn"))
    kinds = [session.get_one(Stage, stage_id).kind for stage_id in stage_ids]
    entered = [_said(random, kind, known.id, is_whole=end != "early") for kind in kinds]
    submission = make_submission(session, person, challenge, now=at)
    values = {stage_id: value for stage_id, (value, _said_there) in zip(stage_ids, entered, strict=True)}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=values, now=at)
    if end == "early" and any(said is not None for _value, said in entered):
        accept_early(session, system("test"), submission_id=submission.id, reason="Enough", now=at)
    elif end in ("open", "early"):
        return
    else:
        facts = {"submission_id": submission.id, "key": f"world-{submission.id}"}
        attempt = submit_attempt(session, as_advocate(person), **facts, now=at)
        if end == "approved":
            approve_attempt(session, system("test"), attempt_id=attempt.id, now=at)
        if end == "declined":
            decline_attempt(session, system("test"), attempt_id=attempt.id, reason="No", now=at)
        if end == "withdrawn":
            withdraw_submission(session, as_advocate(person), submission_id=submission.id, now=at)
    if end in ("approved", "early"):
        known.acts.append((challenge.track, "referral" if "refer" in kinds else "challenge" if kinds == ["answer"] else "survey", at))
        known.lifetime += challenge.points
        known.done.add(str(challenge.id))
    if end in ("waiting", "approved", "early"):
        for stage_id, (_value, said) in zip(stage_ids, entered, strict=True):
            if said is not None:
                known.answers.setdefault(stage_id, []).append(said)


def _said(random: Random, kind: str, number: int, *, is_whole: bool) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
    """Return what somebody enters into a step of a kind, as it is stored, and in plain words: question and answer; None where that is nothing.

    What need not be whole is often only opened and saved, as the player saves it by itself.
    """
    is_begun = is_whole or random.random() < 0.5
    if kind == "answer":
        text = random.choice(ANSWERS) if is_begun else ""
        return {"text": text}, [("", text)] if text else None
    if kind == "nps":
        score = random.choice((0, 8, 10)) if is_begun else None
        why = random.choice(("", "Sales")) if score is None else "Sales"
        return {"score": score, "why": why}, [("", str(score))] if score is not None else [] if why else None
    if kind == "refer":
        agreed = is_begun
        name = "Pat Peer" if agreed or random.random() < 0.5 else ""
        peer = {"name": name, "email": f"pat{number}@peer.example" if name else "", "company": "Peer & Co" if name else "", "words": ""}
        return {**peer, "is_agreed": agreed, "language": "en"}, [] if agreed else None
    if not is_begun:
        return {"answers": {"one": "", "many": [], "scale": None, "text": ""}}, None
    one, text, scale = random.choice(("", *ANSWERS)), random.choice(("", "Sales", "8")), random.choice((None, 0, 8))
    many = [choice for choice in QUESTIONS[1]["choices"] if random.random() < 0.4]
    plain = [("one", one), ("text", text), ("scale", "" if scale is None else str(scale)), *(("many", choice) for choice in many)]
    said = [(question, answer) for question, answer in plain if answer]
    return {"answers": {"one": one, "many": many, "scale": scale, "text": text}}, said or None


def plainly(rule: tuple[str, dict[str, Any]], one: Somebody, world: World) -> bool:
    """Read one rule of one person, slowly, from the plain words."""
    kind, options = rule
    if kind in ("industry", "size", "region", "country"):
        return getattr(one, kind) != "" and getattr(one, kind) in options["values"]
    if kind == "tag":
        return any(world.tag_ids[tag] in options["values"] for tag in one.tags)
    if kind in ("likes", "never"):
        return any(one.wishes.get(interest) == kind for interest in options["values"])
    if kind == "language":
        return one.language in options["values"]
    if kind == "role":
        return any(role in options["values"] for role in one.roles)
    if kind == "people":
        return one.id in options["people"]
    if kind == "joined_since":
        day = date.fromisoformat(options["day"])
        return (one.joined or NOW).astimezone(ZoneInfo("Europe/Berlin")).date() >= day
    if kind == "challenge_done":
        return any(challenge in options["values"] for challenge in one.done)
    if kind == "badge":
        return any(badge in options["values"] for badge in one.badges)
    if kind == "level":
        stands, _ = max((level for level in world.levels if level[1] <= one.lifetime), key=lambda level: level[1])
        return stands in options["values"]
    if kind == "answered":
        sent = [said for step in world.same_steps[options["stage"]] for said in one.answers.get(step, ())]
        asked = options.get("question", "")
        given = [answer for said in sent for question, answer in said if asked in ("", question)]
        return any(answer in options["answers"] for answer in given) if options["answers"] else bool(given if asked else sent)
    amount = {"member_for": _days, "lifetime": lambda one, options: one.lifetime, "acts": _count}[kind](one, options)
    return amount >= options["number"] if options["choice"] == "at_least" else amount <= options["number"]


def _days(one: Somebody, options: dict[str, Any]) -> float:
    return (NOW - (one.joined or NOW)) / timedelta(days=1)


def _count(one: Somebody, options: dict[str, Any]) -> int:
    number = 0
    for track, kind, at in one.acts:
        is_meant = options["track"] in ("", track) and (options["kind"] in ("", kind) or (options["kind"] == "rewardable" and kind != "unrewarded"))
        is_meant = is_meant and (options["days"] is None or at >= NOW - timedelta(days=options["days"]))
        number += is_meant
    return number
