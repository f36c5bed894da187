"""A small programme with something of everything in it, made by the real actions: what whole-portal tests walk through."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.actions.granting import grant_contact
from portal.accounts.actions.handing_over import hand_over
from portal.accounts.actions.insights import pass_on
from portal.accounts.actions.seeing import see_contact
from portal.accounts.rules.insights import InsightKind
from portal.accounts.rules.knowing import HandOver, Someone
from portal.accounts.rules.seeing import Place
from portal.acts.actions.answering import answer_ask
from portal.acts.actions.asking import Override
from portal.acts.actions.blocking import set_block
from portal.acts.actions.saying import set_own_terms
from portal.acts.actions.settings import set_defaults, set_efforts
from portal.acts.rules.asks import AskKind
from portal.acts.rules.budget import Cap, Defaults
from portal.acts.rules.terms import Terms as AskTerms
from portal.api.actions import make_token
from portal.bank.actions.adjusting import adjust_points
from portal.challenges.actions.answering import save_answers, submit_attempt
from portal.challenges.actions.editing import edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.events import hear_event
from portal.challenges.actions.gallery import hide_item
from portal.challenges.actions.repaying import do_some
from portal.challenges.actions.repricing import ask_repricing
from portal.challenges.actions.review import approve_attempt, ask_for_more, decline_attempt
from portal.challenges.actions.stages import add_stage
from portal.challenges.actions.templates import hide_template, save_as_template
from portal.challenges.queries.versions import current_version
from portal.files.actions import store_upload
from portal.files.receiving import receive
from portal.files.storage import Storage
from portal.finding.actions.choosing import mark_favourite
from portal.finding.actions.library import Content, add_item
from portal.finding.rules.library import Kind
from portal.imports import runner
from portal.imports.rules.plans import Plan
from portal.kernel.actor import Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.actions.sealing import seal_pending
from portal.outside.rules import Heard
from portal.people.actions.by_hand import COMPANY, note_by_hand
from portal.people.actions.interests import set_interests
from portal.people.actions.joining import invite_person
from portal.people.actions.tags import tag_person
from portal.people.importer import CompaniesImporter
from portal.people.models import Company, Person
from portal.people.rules.interest import Interest, Wish
from portal.profiles.actions.asking import ask_several
from portal.profiles.actions.consenting import give_own, record_consent, take_back_own
from portal.profiles.actions.editing import add_days, set_visible
from portal.profiles.actions.moving import move_profile
from portal.profiles.actions.opening import open_by_staff
from portal.profiles.actions.own import say_of_myself, send_own_link
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.facts import Facts
from portal.profiles.rules.states import Move, WordKind
from portal.recognition.actions.holdings import give_badge
from portal.recognition.actions.scores import adjust
from portal.recognition.actions.seasons import add_season, close_season
from portal.recognition.models import BadgeHolding
from portal.references.actions.answering import agree, put_off, say_no
from portal.references.actions.asking import follow_up
from portal.references.actions.commenting import comment
from portal.references.actions.decide import accept_nomination, decline_nomination
from portal.references.actions.drafting import save_draft
from portal.references.actions.links import send_link
from portal.references.actions.terms import add_rule, set_terms
from portal.references.rules.joining import Offer, Refused
from portal.references.rules.nominating import Details
from portal.references.rules.terms import Terms
from portal.referrals.actions import send_referral
from portal.referrals.rules import Peer
from portal.requests.actions.answering import accept
from portal.requests.actions.asking import ask_customer
from portal.requests.actions.booking import pick_slot
from portal.requests.actions.ending import decline_request
from portal.requests.actions.proposing import propose
from portal.requests.actions.terms import set_terms as set_request_terms
from portal.requests.models import RequestCandidate, RequestSlot
from portal.requests.rules.terms import Terms as RequestTermsSet
from portal.rewards.actions.catalogue import add_reward, publish_reward
from portal.rewards.actions.conditions import open_audience, set_conditions
from portal.rewards.actions.fulfilling import order_redemption, send_redemption
from portal.rewards.actions.redeeming import redeem
from portal.rewards.actions.review import approve_redemption, decline_redemption
from portal.rewards.actions.variants import add_variant, adjust_variant
from portal.rewards.actions.waiting import join_waiting
from portal.rewards.actions.wishes import wish
from tests.factories.asks import by_admin, by_advocate, by_employee, log_ask, make_ask
from tests.factories.audience import in_industry, make_rule, show_only_to
from tests.factories.challenges import as_admin, as_advocate, make_attempt, make_challenge, make_draft, make_submission
from tests.factories.consents import make_consent
from tests.factories.finding import make_profile_row
from tests.factories.gallery import make_gallery_challenge, make_item
from tests.factories.notifications import make_dead_letter
from tests.factories.people import make_admin, make_company, make_contact, make_employee, make_person
from tests.factories.recognition import make_badge
from tests.factories.references import make_nomination
from tests.factories.requests import make_request
from tests.factories.rewards import WITH_ADDRESS
from tests.factories.vault import tell_of_cards


@dataclass(frozen=True)
class Story:
    """The ids that a test needs to find its way."""

    advocate: int
    admin: int
    employee: int
    company: int
    challenge: int
    draft: int
    upload_challenge: int
    submission: int
    stage: int
    waiting_attempt: int
    reward: int
    redemption: int
    ticket: int
    card: int
    code_batch: int
    nomination: int
    request: int
    candidate: int
    file: int
    badge: int
    holding: int
    season: int
    audience: int
    audience_rule: int
    tag: int
    consent: int
    gallery_item: int
    library_item: int
    repricing: int
    days: int
    batch: int = 0


def png(width: int = 40, height: int = 30) -> bytes:
    """Return a small picture."""
    out = BytesIO()
    Image.new("RGB", (width, height), (30, 90, 60)).save(out, "PNG")
    return out.getvalue()


def tell_story(database: Database, folder: Path) -> Story:
    """Fill an empty database, seal the ledger, and return where things are."""
    story = database.write(lambda session: _tell(session, Storage(folder / "files", 25)))
    rows = b"external_id,name,owner_email\n1,Harbour Works,\n2,Nobody knows,nobody@nowhere.example\n"
    ready = runner.prepare(database, CompaniesImporter(), content=rows, plan=Plan(), source="default", now=utcnow())
    batch, _ = runner.open_and_run(database, system("cli"), ready, filename="companies.csv", clock=utcnow, on_progress=lambda done, total: None)
    seal_pending(database, utcnow())
    return replace(story, batch=batch)


def _tell(session: Session, storage: Storage) -> Story:
    now = utcnow() - timedelta(days=2)
    admin, employee = make_admin(session, name="Ada Admin", now=now), make_employee(session, name="Edo Employee", now=now)
    company = make_company(session, name="Bright & Sons", owner_id=employee.id, now=now)
    ann = make_person(session, name="Ann Advocate", company_id=company.id, title="Head of Dispatch", now=now)
    bob = make_person(session, name="Risi&&Bisi", company_id=company.id, now=now)
    make_contact(session, name="Cleo No Address", email=None, now=now)
    invited = make_contact(session, name="Ina Invited", company_id=company.id, now=now)
    invite_person(session, as_admin(admin), person_id=invited.id, now=now)

    big = make_challenge(session, title="Tell your story", points=400, stages=("confirm", "answer", "link"), now=now)
    small = make_challenge(session, title="Rate the newsletter", points=60, track="engage", period="week", per_period=2, now=now)
    draft = make_draft(session, title="Not published yet", track="earn", now=now)
    upload = make_challenge(session, title="Send a picture", points=50, track="earn", stages=("upload",), now=now)
    add_stage(session, as_admin(admin), challenge_id=draft.id, kind="confirm", title="Read the guide", text="It is **short**.", now=now)

    approved = make_attempt(session, ann, big, now=now)
    approve_attempt(session, as_admin(admin), attempt_id=approved.id, now=now)
    asked = make_attempt(session, ann, small, now=now)
    ask_for_more(session, as_admin(admin), attempt_id=asked.id, reason="Please add one example.", now=now)
    decline_attempt(session, as_admin(admin), attempt_id=make_attempt(session, bob, small, now=now).id, reason="The link is private.", now=now)
    waiting = make_attempt(session, bob, big, now=now)
    submission = make_submission(session, bob, upload, now=now)
    proof = receive(BytesIO(png()), "proof.png", purpose="document", storage=storage)
    stored = store_upload(session, as_advocate(bob), received=proof, owner_id=bob.id, now=now)
    stage = next(iter(_stage_ids(session, upload.id)))
    value = {"file_id": stored.id, "name": stored.filename, "size": stored.size, "is_image": True}
    save_answers(session, as_advocate(bob), submission_id=submission.id, values={stage: value}, now=now)
    submit_attempt(session, as_advocate(bob), submission_id=submission.id, key="story-upload", now=now)

    drawn = receive(BytesIO(png()), "mug.png", purpose="picture", storage=storage)
    picture = store_upload(session, as_admin(admin), received=drawn, owner_id=None, now=now)
    mug = add_reward(
        session, as_admin(admin), name="A good mug", summary="It keeps warm.", kind="merchandise", price=100, stock=5, picture_id=picture.id, now=now
    )
    dinner = add_reward(
        session, as_admin(admin), name="Dinner with the makers", summary="An evening with those who build it.", kind="experience", price=3000, now=now
    )
    for reward in (mug, dinner):
        publish_reward(session, as_admin(admin), reward_id=reward.id, now=now)
    first = redeem(session, as_advocate(ann), reward_id=mug.id, key="story-1", asked=WITH_ADDRESS, now=now)
    approve_redemption(session, as_admin(admin), redemption_id=first.id, now=now)
    order_redemption(session, as_admin(admin), redemption_id=first.id, now=now)
    send_redemption(session, as_admin(admin), redemption_id=first.id, handed={"tracking": "LP 4711"}, now=now)
    add_variant(session, as_admin(admin), reward_id=dinner.id, name="In the old mill", happens_on=now.date() + timedelta(days=60), stock=6, now=now)
    second = redeem(session, as_advocate(ann), reward_id=mug.id, key="story-2", asked=WITH_ADDRESS, now=now)
    decline_redemption(session, as_admin(admin), redemption_id=second.id, reason="We are moving the store.", now=now)
    third = redeem(session, as_advocate(ann), reward_id=mug.id, key="story-3", asked=WITH_ADDRESS, now=now)
    days = {"sale_from": now.date() - timedelta(days=9), "sale_to": now.date() + timedelta(days=90)}
    set_conditions(session, as_admin(admin), reward_id=dinner.id, countries=("DE",), **days, now=now)
    open_audience(session, as_admin(admin), reward_id=dinner.id, now=now)
    card, code_batch = tell_of_cards(session, as_admin(admin), as_advocate(ann), now)
    day = add_reward(session, as_admin(admin), name="A day with the makers", summary="A seat in the hall.", kind="event", price=20, now=now)
    publish_reward(session, as_admin(admin), reward_id=day.id, now=now)
    seat = redeem(session, as_advocate(ann), reward_id=day.id, key="story-4", now=now)
    approve_redemption(session, as_admin(admin), redemption_id=seat.id, now=now)
    send_redemption(session, as_admin(admin), redemption_id=seat.id, now=now)
    roof = add_variant(
        session, as_admin(admin), reward_id=dinner.id, name="On the roof", happens_on=now.date() + timedelta(days=61), stock=0, now=now
    )
    for reward in (mug, dinner):
        wish(session, as_advocate(ann), reward_id=reward.id, now=now)
    join_waiting(session, as_advocate(ann), reward_id=dinner.id, variant_id=roof.id, now=now)
    adjust_variant(session, as_admin(admin), reward_id=dinner.id, variant_id=roof.id, change=1, now=now)
    adjust(
        session,
        as_admin(admin),
        person_id=ann.id,
        points=25,
        counts_as_earned=True,
        key="story-thanks",
        reason="points.thanks",
        note="For your help on the phone",
        now=now,
    )

    tag_person(session, as_admin(admin), person_id=ann.id, tag="Beta circle", now=now)
    set_interests(session, as_advocate(ann), person_id=ann.id, wishes={Interest.CALLS: Wish.LIKES, Interest.SOCIAL: Wish.NEVER}, now=now)
    audience = show_only_to(session, big, in_industry(company.industry), ("tag", {"values": ["1"]}), exclude=(("never", {"values": ["events"]}),))
    save_as_template(session, as_admin(admin), challenge_id=small.id, key="story-template", now=now)
    hide_template(session, as_admin(admin), template_key="award", now=now)
    rule = make_rule(session, audience.id, "lifetime", {"choice": "at_most", "number": 10}, at_once=False)

    nomination = make_nomination(session, employee, name="Nora Nominee", company="Bright & Sons", now=now)
    accept_nomination(session, as_admin(admin), nomination_id=make_nomination(session, employee, name="Otto Nominee", now=now).id, now=now)
    candidate = _requested(session, employee, admin, now)
    declined = make_nomination(session, employee, name="Pia Nominee", now=now)
    decline_nomination(session, as_admin(admin), nomination_id=declined.id, reason="They left the company.", now=now)
    make_nomination(session, make_employee(session, now=now), email=nomination.email, now=now)
    _answers(session, employee, admin, now)
    make_dead_letter(session, now=now)
    _from_outside(session, admin, ann, approved.submission_id, now)
    consent = make_consent(session, ann, source_id=approved.submission_id, evidence_id=approved.id, now=now)
    item = _in_gallery(session, ann, storage, now)
    badge, holding, season = _honours(session, admin, ann, now)
    assert session.scalars(select(Company.id)).first()
    _asked(session, admin, employee, ann, bob, now)
    days = _as_reference(session, admin, ann, now)
    _known(session, admin, employee, ann, bob, now)
    return Story(
        advocate=ann.id,
        admin=admin.id,
        employee=employee.id,
        company=company.id,
        challenge=big.id,
        draft=draft.id,
        upload_challenge=upload.id,
        submission=approved.submission_id,
        stage=next(iter(_stage_ids(session, big.id))),
        waiting_attempt=waiting.id,
        reward=mug.id,
        redemption=third.id,
        ticket=seat.id,
        card=card,
        code_batch=code_batch,
        nomination=nomination.id,
        request=candidate.request_id,
        candidate=candidate.id,
        file=stored.id,
        badge=badge,
        holding=holding,
        season=season,
        audience=audience.id,
        audience_rule=rule.id,
        tag=1,
        consent=consent.id,
        gallery_item=item,
        library_item=_found(session, admin, ann, now),
        repricing=_corrected(session, admin, now),
        days=days,
    )


def _as_reference(session: Session, admin: Person, ann: Person, now: datetime) -> int:
    """Let somebody be a reference whom every employee finds, with consents of both kinds, days off, and a question that waits."""
    boss, own = as_admin(admin), as_advocate(ann)
    words = {WordKind.LANGUAGE: ("English",), WordKind.USE_CASE: ("Planning & boards",)}
    facts = Facts(tier=1, story="Moved <b>40</b> depots off paper.", sensitivities="A new boss.", words=words)
    open_by_staff(session, boss, person_id=ann.id, facts=facts, is_true=True, now=now)
    record_consent(session, boss, person_id=ann.id, activity=Activity.LOGO, words="Our logo on your site.", note="Mail of 3 May", now=now)
    give_own(session, own, person_id=ann.id, activity=Activity.CALL, words="You may ask me for calls.", now=now)
    take_back_own(session, own, person_id=ann.id, activity=Activity.PRESS, never=True, now=now)
    move_profile(session, boss, person_id=ann.id, way=Move.ACTIVATE, now=now)
    set_visible(session, boss, person_id=ann.id, is_visible=True, now=now)
    say_of_myself(session, own, person_id=ann.id, story="Moved <b>41</b> depots off paper.", words={}, now=now)
    ask_several(session, boss, person_ids=[ann.id], now=now)
    send_own_link(session, boss, person_id=ann.id, now=now)
    on = now.date() + timedelta(days=20)
    return add_days(session, own, person_id=ann.id, first_on=on, last_on=on + timedelta(days=7), reason="Holidays", now=now).id


def _asked(session: Session, admin: Person, employee: Person, ann: Person, bob: Person, now: datetime) -> None:
    """Let two people of one company be asked: open, answered, done, beyond a rule, outside; and one of them be blocked afterwards."""
    by, boss = by_employee(employee.id), by_admin(admin.id)
    set_efforts(session, boss, efforts={AskKind.CALL: 9}, now=now)
    set_defaults(session, boss, defaults=Defaults(Cap(3, 90), Cap(8, 90)), now=now)
    make_ask(session, by, ann.id, about="A talk with Hall & Sons", now=now)
    yes = make_ask(session, by, ann.id, kind="review", now=now)
    answer_ask(session, by_advocate(ann.id), ask_id=yes.id, is_yes=True, now=now)
    no = make_ask(session, by, ann.id, kind="survey", now=now)
    answer_ask(session, by_advocate(ann.id), ask_id=no.id, is_yes=False, reason="In the <b>spring</b>", now=now)
    log_ask(session, boss, bob.id, now - timedelta(days=3), now=now, came="completed", minutes=35, note="At the fair")
    set_own_terms(session, by_advocate(bob.id), terms=AskTerms(2, 90, ("video",), (7, 8)), now=now)
    make_ask(session, by, bob.id, kind="video", now=now, override=Override("The summit opens with it", admin.id))
    set_block(session, boss, kind="escalation", reason="Ticket 4711", person_id=bob.id, now=now)


def _requested(session: Session, employee: Person, admin: Person, now: datetime) -> RequestCandidate:
    """An employee's request whose customer said yes, one that nobody was found for, and a draft."""
    rita = make_person(session, name="Rita Reference", company_id=make_company(session, name="Harbour Works").id, now=now)
    make_profile_row(session, rita, now=now)
    request = make_request(session, employee, prospect="Prospect Works", told_as="A port", words="Tell them of the first month.", now=now)
    boss, greta = as_admin(admin), by_employee(employee.id)
    candidate = propose(session, greta, request_id=request.id, person_id=rita.id, now=now)
    ask_customer(session, greta, request_id=request.id, candidate_id=candidate.id, now=now)
    walls = [(now + timedelta(days=day)).replace(tzinfo=None) for day in (3, 4, 5)]
    accept(session, "127.0.0.1", candidate=candidate, walls=walls, zone="Europe/Berlin", now=now)
    slot = session.scalars(select(RequestSlot.id).where(RequestSlot.candidate_id == candidate.id).order_by(RequestSlot.starts_at)).first()
    pick_slot(session, greta, request_id=request.id, slot_id=slot or 0, place="https://meet.example/1", now=now)
    nobody = make_request(session, employee, is_self_serve=False, now=now)
    decline_request(session, boss, request_id=nobody.id, code="region", reason="Nobody there.", now=now)
    make_request(session, employee, is_sent=False, now=now)
    set_request_terms(session, boss, terms=RequestTermsSet(owner_days=1), now=now)
    return candidate


def _known(session: Session, admin: Person, employee: Person, ann: Person, bob: Person, now: datetime) -> None:
    """Let the owner write down what sales knows, a member say something that the owner reads, and somebody see how a person is reached."""
    by = by_employee(employee.id)
    known = HandOver(now.date() + timedelta(days=200), "Fewer <b>lorries</b>", "Call late", ("Rival & Co",), (Someone("Vera", "COO", "Nights"),))
    hand_over(session, by, company_id=ann.company_id or 0, given=known, now=now)
    hand_over(session, by, company_id=ann.company_id or 0, given=replace(known, notes="Call early"), now=now)
    said = {"question": "Would you recommend us?", "said": "The import <i>stops</i>.", "score": 4, "kind": InsightKind.SCORE}
    pass_on(session, person_id=ann.id, source=("story", 1, 1), **said, said_at=now, now=now)  # type: ignore[arg-type]
    see_contact(session, by_admin(admin.id), person_id=bob.id, place=Place.PERSON, now=now)
    grant_contact(session, viewer_id=admin.id, person_id=bob.id, source=("story", 1), now=now)
    note_by_hand(session, by_admin(admin.id), COMPANY, ann.company_id or 0, ["region"], now)


def _in_gallery(session: Session, ann: Person, storage: Storage, now: datetime) -> int:
    """Let the gallery show a picture and a document, and one more be hidden; return the picture's item."""
    challenge, items = make_gallery_challenge(session, title="Show us your work", points=0, track="earn", now=now), []
    for name, purpose, content in (("hall.png", "image", png()), ("gate.png", "image", png()), ("notes.txt", "document", b"Nine months.")):
        received = receive(BytesIO(content), name, purpose=purpose, storage=storage)
        file = store_upload(session, as_advocate(ann), received=received, owner_id=ann.id, now=now)
        items.append(make_item(session, ann, challenge, file=file, now=now))
    hide_item(session, system("test"), item_id=items[1].id, reason="A licence plate can be read.", now=now)
    return items[0].id


def _answers(session: Session, employee: Person, admin: Person, now: datetime) -> None:
    """A nominee in each state that an answer leads to, with a draft, a comment, a rule and terms beside them."""
    details = Details(products="Boards", languages="English", tier=2, usage_count=2, usage_days=90, words="You told it well.", owner_id=admin.id)
    boss, colleague = as_admin(admin), make_employee(session, name="Cora Colleague", now=now)
    for name in ("Quinn", "Rosa", "Saul", "Tara"):
        given = {"name": f"{name} Nominee", "activities": [Activity.CALL, Activity.VIDEO], "details": details, "colleague_id": colleague.id}
        made = make_nomination(session, employee, **given, now=now)
        accept_nomination(session, boss, nomination_id=made.id, now=now)
        person = session.get_one(Person, made.person_id)
        token = send_link(session, made, person, "nomination_reminder", now).partition("=")[2]
        if name == "Quinn":
            offer = Offer((Activity.CALL,), 2, (Activity.PRESS,))
            agree(session, "127.0.0.1", token=token, offer=offer, words={Activity.CALL: "You may ask me for calls."}, now=now)
        elif name == "Rosa":
            say_no(session, "127.0.0.1", token=token, code=Refused.NO_TIME, reason="Too much to do.", now=now)
        elif name == "Saul":
            put_off(session, "127.0.0.1", token=token, now=now)
        else:
            for days in (8, 30):
                follow_up(session, system("job"), nomination_id=made.id, now=now + timedelta(days=days))
        comment(session, boss, nomination_id=made.id, text="Thank you for this one.", key=f"story-{name}", now=now)
    save_draft(session, Actor(id=employee.id, roles=employee.roles), key="story-draft", fields={"name": ["Uma"], "company": ["Works"]}, now=now)
    set_terms(session, boss, terms=Terms(late_days=5), now=now)
    add_rule(session, boss, name="Proven nominators", least_agreed=50, now=now)


def _from_outside(session: Session, admin: Person, ann: Person, submission_id: int, now: datetime) -> None:
    """Let a peer be referred, and another system tell of two events: one of a member, one of nobody we know."""
    peer = Peer("Rika Referred", "rika@referred.example", "Referred & Co", "We met at the fair.")
    send_referral(session, as_advocate(ann), referrer_id=ann.id, peer=peer, source=("submission", submission_id, 0), language="en", now=now)
    token, _ = make_token(session, as_admin(admin), name="Our webinar tool", key="story-token", now=now)
    told = {"id": "visit-1", "code": "spring-webinar", "happened_at": now - timedelta(days=2), "data": {"minutes": 42}}
    for number, email in enumerate((ann.email, "stranger@elsewhere.example")):
        heard = Heard(**told | {"id": f"visit-{number}", "email": email})  # type: ignore[arg-type]
        hear_event(session, system("api"), source=f"token:{token.id}", token_id=token.id, heard=heard, now=now)


def _corrected(session: Session, admin: Person, now: datetime) -> int:
    """Let points be corrected by hand, one time more than one admin may, and a past completion be paid anew; return the repricing."""
    rex, other = make_person(session, name="Rex Repriced", now=now), as_admin(make_admin(session, name="Olga Other", now=now))
    for points, said in ((25, "You held the talk twice"), (30_000, "First prize of the year.")):
        facts = {"category": "contest", "reason": said, "counts_as_earned": True, "key": f"story-{points}"}
        adjust_points(session, other, person_id=rex.id, points=points, **facts, now=now)
    quiz = make_challenge(session, title="Two quick questions", points=20, track="engage", now=now)
    approve_attempt(session, other, attempt_id=make_attempt(session, rex, quiz, now=now).id, now=now)
    offer = replace(offer_of(current_version(session, quiz)), points=35)
    edit_challenge(session, other, challenge_id=quiz.id, offer=offer, now=now)
    publish_challenge(session, other, challenge_id=quiz.id, now=now)
    seen = {"seen_people": 1, "seen_total": 15, "reason": "They were not so quick"}
    made = ask_repricing(session, as_admin(admin), challenge_id=quiz.id, **seen, key="story-reprice", now=now)
    while do_some(session, repricing_id=made.id, size=10, now=now):
        pass
    return made.id


def _honours(session: Session, admin: Person, ann: Person, now: datetime) -> tuple[int, int, int]:
    """Give a badge by hand, leave another as a draft, and close a season with one member on its board."""
    thanks = make_badge(session, rule="hand", name="With thanks", now=now)
    make_badge(session, name="Not switched on", is_live=False, now=now)
    give_badge(session, as_admin(admin), badge_id=thanks.id, person_id=ann.id, reason="You answered at night.", now=now)
    first = now - timedelta(days=20)
    facts = {"starts_on": first.date(), "ends_on": (first + timedelta(days=5)).date()}
    season = add_season(session, as_admin(admin), name="Early season", **facts, now=first)
    adjust(session, as_admin(admin), person_id=ann.id, points=30, counts_as_earned=True, key="story-season", reason="points.thanks", now=first)
    close_season(session, as_admin(admin), season_id=season.id, now=now)
    # One to come: the boards of a season that runs are rows that its migration takes down with it.
    coming = {"starts_on": (now + timedelta(days=20)).date(), "ends_on": (now + timedelta(days=40)).date()}
    add_season(session, as_admin(admin), name="Next season", **coming, now=now)
    return thanks.id, session.scalars(select(BadgeHolding.id)).one(), season.id


def _found(session: Session, admin: Person, ann: Person, now: datetime) -> int:
    """Mark a reference, and give the library an item; return the item."""
    mark_favourite(session, as_admin(admin), reference_id=ann.id, is_on=True, now=now)
    content = Content(Kind.QUOTE, "Off spreadsheets", "Moving off spreadsheets", quote="It took a week.", permission="By mail, in May.")
    return add_item(session, as_admin(admin), key="story-item", content=content, file_id=None, now=now).id


def _stage_ids(session: Session, challenge_id: int) -> list[int]:
    from portal.challenges.queries.stages import stages_of

    return [stage.id for stage in stages_of(session, challenge_id)]
