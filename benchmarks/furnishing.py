"""What a made programme has besides, put there through the portal's own actions: a closed season, codes in the vault, a ticket.

The same names and keys again are the same things, so that a programme that was kept is furnished once.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.maker import INDUSTRIES, Programme
from benchmarks.visitors import sign_in
from portal.acts.actions.settings import seen_defaults, set_defaults
from portal.acts.jobs import run_recount as run_goodwill
from portal.acts.queries.settings import defaults_of
from portal.acts.rules.budget import MOST_ASKS, Cap, Defaults
from portal.finding.actions.library import Content, add_item
from portal.finding.rules.library import Kind
from portal.imports.models import ImportBatch
from portal.imports.rules.plans import Plan
from portal.imports.runner import open_and_run, prepare
from portal.kernel.actor import ADMIN, ADVOCATE, Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.seen import seen_of
from portal.people.importer import CompaniesImporter
from portal.recognition.actions.seasons import add_season, close_season
from portal.recognition.jobs import run_recount
from portal.recognition.models import Season
from portal.recognition.rules.seasons import season_key
from portal.rewards.actions.catalogue import add_reward, publish_reward, set_options
from portal.rewards.actions.codes import confirm_codes, import_codes
from portal.rewards.actions.fulfilling import send_redemption
from portal.rewards.actions.redeeming import redeem
from portal.rewards.actions.review import approve_redemption
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.rules.states import State
from portal.rewards.rules.tickets import number_of
from portal.vault.models import CodeBatch
from portal.vault.rules import Card, Read

CODES = 5_000
CARD_PRICE = 1
LIBRARY, IMPORTED = 30, 40
SEASON_DAYS = 90
REQUESTER, APPROVER = 1, 2


@dataclass(frozen=True)
class Furniture:
    """What is there: the closed season, the reward whose cards come from the vault, a card that was handed over and whose, a ticket's number,
    an item of the library, an import that is done and one whose columns are not known yet.
    """

    season_id: int
    vault_id: int
    card_id: int
    holder_id: int
    ticket: str
    library_id: int
    import_id: int
    draft_id: int


def furnish(app: Flask, programme: Programme) -> Furniture:
    """Put it in, unless an earlier run did, and return it. The application's own database knows the keys of the vault."""
    database: Database = app.extensions["database"]
    database.write(_wide_caps)
    run_goodwill(database, {}, utcnow())
    season_id = _closed_season(database, programme)
    # One of those who write: they have redeemed nothing of this, whatever is measured.
    holder_id, now = programme.member(programme.members - 1), utcnow()

    def shop(session: Session) -> tuple[int, int, int]:
        vault_id = _vault(session, now)
        card = _given(session, holder_id, vault_id, "bench-card", now)
        event = _event(session, (now + timedelta(days=30)).date(), now)
        return vault_id, card, _given(session, holder_id, event, "bench-ticket", now)

    vault_id, card_id, ticket = database.write(shop)
    library_id = database.write(_library)
    number = number_of(ticket, app.config["SECRET_KEY"])
    return Furniture(season_id, vault_id, card_id, holder_id, number, library_id, _imported(database), _uploaded(app, database))


def _wide_caps(session: Session) -> None:
    """Let the programme take as many asks as it may, or the acts that ask would only measure refusals after a while."""
    set_defaults(session, _acting(REQUESTER, ADMIN), defaults=Defaults(Cap(MOST_ASKS, 90), Cap(MOST_ASKS, 30)), now=utcnow(), seen=_seen(session))


def _seen(session: Session) -> str:
    return seen_of(seen_defaults(defaults_of(session)))


def _closed_season(database: Database, programme: Programme) -> int:
    """A season of the programme's first months: begun then, counted as the worker counts it, and closed when it was over."""
    with database.reading() as session:
        if made := session.scalar(select(Season.id).where(Season.made_by == "bench-season")):
            return made
    starts_on, admin = programme.start.date(), _acting(REQUESTER, ADMIN)
    days: dict[str, Any] = {"starts_on": starts_on, "ends_on": starts_on + timedelta(days=SEASON_DAYS)}
    season_id = database.write(
        lambda session: add_season(session, admin, name="The first months", key="bench-season", now=programme.start, **days).id
    )
    run_recount(database, {"boards": season_key(season_id)}, utcnow())
    database.write(lambda session: close_season(session, system("job"), season_id=season_id, now=utcnow()))
    return season_id


def _acting(person_id: int, role: str) -> Actor:
    return Actor(id=person_id, roles=frozenset({role}), origin="127.0.0.1")


def _vault(session: Session, now: datetime) -> int:
    admin, key = _acting(REQUESTER, ADMIN), "bench-vault"
    if made := session.scalar(select(Reward.id).where(Reward.made_by == key)):
        return made
    said = {"name": "A card from the vault", "summary": "A code, at once.", "text": "", "price": CARD_PRICE, "limit_per_person": None}
    reward = add_reward(session, admin, **said, kind="gift_card", key=key, now=now)
    set_options(session, admin, reward_id=reward.id, given={"source": "vault", "amount": "1", "currency": "USD"}, now=now)
    read = Read([(number, Card(f"BENCH-{number:06}", "")) for number in range(1, CODES + 1)], [])
    batch: CodeBatch = import_codes(session, admin, reward_id=reward.id, filename="codes.csv", key="bench-codes", read=read, now=now)
    confirm_codes(session, admin, reward_id=reward.id, batch_id=batch.id, now=now)
    publish_reward(session, admin, reward_id=reward.id, now=now)
    return reward.id


def _event(session: Session, day: date, now: datetime) -> int:
    admin, key = _acting(REQUESTER, ADMIN), "bench-event"
    if made := session.scalar(select(Reward.id).where(Reward.made_by == key)):
        return made
    said = {"name": "Summit pass", "summary": "Two days of talks.", "text": "", "price": CARD_PRICE, "limit_per_person": None}
    reward = add_reward(session, admin, **said, kind="event", key=key, now=now)
    set_options(session, admin, reward_id=reward.id, given={"happens_on": day.isoformat(), "place": "Ghent"}, now=now)
    publish_reward(session, admin, reward_id=reward.id, now=now)
    return reward.id


def _given(session: Session, person_id: int, reward_id: int, key: str, now: datetime) -> int:
    """Let somebody redeem a reward and an admin hand it over; return the redemption."""
    if made := session.scalar(select(Redemption.id).where(Redemption.key == key)):
        return made
    asked = redeem(session, _acting(person_id, ADVOCATE), reward_id=reward_id, key=key, now=now)
    approve_redemption(session, _acting(APPROVER, ADMIN), redemption_id=asked.id, now=now)
    session.refresh(asked)
    if asked.state == State.APPROVED:  # what comes from the vault is handed over with the approval
        send_redemption(session, _acting(APPROVER, ADMIN), redemption_id=asked.id, now=now)
    return asked.id


def _library(session: Session) -> int:
    """Quotes that may be used; and some stars, as admins set them."""
    admin, now = _acting(REQUESTER, ADMIN), utcnow()
    made = []
    for number in range(LIBRARY):
        said = {"answers": "Will it take long?", "quote": f"We were done in {number + 2} weeks.", "industry": INDUSTRIES[number % len(INDUSTRIES)]}
        content = Content(Kind.QUOTE, f"What a customer said, part {number}", **said, permission="They said so by mail.")
        made.append(add_item(session, admin, key=f"bench-library-{number}", content=content, file_id=None, now=now).id)
    return made[0]


def _table(of: str, rows: int) -> bytes:
    """A list of companies as another system exports it, with a line in ten that lacks its name."""
    lines = [f"{of}-{n},{'' if n % 10 == 0 else f'{of} company {n}'},{INDUSTRIES[n % len(INDUSTRIES)]},Ghent" for n in range(1, rows + 1)]
    return "\n".join(["external_id,name,industry,city", *lines]).encode()


def _imported(database: Database) -> int:
    """Companies that were imported, and once more with another industry, so that there are differences."""
    with database.reading() as session:
        if made := session.scalar(select(ImportBatch.id).where(ImportBatch.filename == "bench.csv").order_by(ImportBatch.id.desc()).limit(1)):
            return made
    batch = 0
    for content in (_table("Bench", IMPORTED), _table("Bench", IMPORTED).replace(b"Logistics", b"Transport")):
        ready = prepare(database, CompaniesImporter(), content=content, plan=Plan(), source="bench", now=utcnow())
        batch, _counts = open_and_run(database, system("cli"), ready, filename="bench.csv", clock=utcnow, on_progress=lambda done, total: None)
    return batch


def _uploaded(app: Flask, database: Database) -> int:
    """A file that an admin sent through the page, whose columns nobody has named yet."""
    mine = select(ImportBatch.id).where(ImportBatch.filename == "bench-draft.csv").order_by(ImportBatch.id.desc()).limit(1)
    with database.reading() as session:
        if made := session.scalar(mine):
            return made
    (admin,) = sign_in(app, database, [REQUESTER])
    data = {"kind": "companies", "source": "bench", "file": (BytesIO(_table("Draft", IMPORTED)), "bench-draft.csv")}
    headers = {"Cookie": admin.cookie, "X-CSRFToken": admin.token}
    FlaskClient(app, use_cookies=False).post("/admin/imports/new", data=data, headers=headers, base_url="http://127.0.0.1")
    with database.reading() as session:
        return session.scalars(mine).one()
