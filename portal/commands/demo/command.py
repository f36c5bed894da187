"""``flask demo``: build the demo programme in an empty database."""

from datetime import datetime
from random import Random

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.models.asks import Ask
from portal.challenges.actions.links import withhold_looks
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt
from portal.commands.demo.accounts import Accounts
from portal.commands.demo.asking import Asking
from portal.commands.demo.audiences import Audiences
from portal.commands.demo.cards import Cards
from portal.commands.demo.cast import PASSWORD, Cast, OneHash
from portal.commands.demo.challenges import Year
from portal.commands.demo.disputes import Disputes
from portal.commands.demo.finance import Finance
from portal.commands.demo.finding import Library
from portal.commands.demo.history import History
from portal.commands.demo.honours import Honours
from portal.commands.demo.planning import Planning
from portal.commands.demo.profiles import Profiles
from portal.commands.demo.receiving import Receiving
from portal.commands.demo.requests import Requests
from portal.commands.demo.reviewing import Desk
from portal.commands.demo.rewards import Shelf
from portal.commands.demo.sites import Sites
from portal.commands.demo.story import Story
from portal.commands.demo.welcome import Newcomer
from portal.commands.demo.wishes import Wishes
from portal.files.storage import Storage
from portal.kernel import migrate
from portal.kernel.clock import utcnow
from portal.notifications.actions import wait_from, withhold_mail
from portal.people.models import Company, Person
from portal.people.rules.password import Hasher
from portal.people.rules.person import DemoInProduction, require_demo_allowed
from portal.profiles.models import ReferenceProfile
from portal.recognition.models import BadgeHolding
from portal.references.models.nominating import Nomination
from portal.requests.models import ReferenceRequest
from portal.rewards.models.redeeming import Redemption
from portal.web.transaction import database

SIGN_INS = (("advocate", "Anjali Menon"), ("employee", "Greta Lindqvist"), ("admin", "Imani Wanjiru"))
COUNTED = (
    (Person, "people"),
    (Company, "companies"),
    (Challenge, "challenges"),
    (Attempt, "answers"),
    (Redemption, "redemptions"),
    (Nomination, "nominations"),
    (Ask, "asks"),
    (ReferenceProfile, "reference profiles"),
    (ReferenceRequest, "requests"),
    (BadgeHolding, "badges earned"),
)


@click.command("demo")
@click.option("--seed", type=int, default=7, show_default=True, help="Another number gives another year.")
@click.option("--if-empty", is_flag=True, help="Say nothing where people are there already, apart from the demo's sign-ins.")
@with_appcontext
def demo(seed: int, if_empty: bool) -> None:
    """Build the demo programme, if there is nobody yet. Refused in production."""
    try:
        require_demo_allowed(current_app.config["SETTINGS"].is_production)
    except DemoInProduction as refusal:
        raise click.ClickException(str(refusal)) from refusal
    migrate.upgrade(database())
    storage: Storage = current_app.extensions["storage"]
    if database().write(lambda session: _build_if_empty(session, storage, seed)):
        click.echo(_summary())
    elif not if_empty:
        click.echo("There are people in this database already, so nothing was done.")
    _tell_sign_ins()


def _build_if_empty(session: Session, storage: Storage, seed: int) -> bool:
    """Build where nobody is there, and tell whether it was done. One unit of work: two commands at once cannot both find nobody and stay."""
    if session.scalar(select(Person.id).limit(1)) is not None:
        return False
    click.echo("Building the demo programme …")
    build(session, storage=storage, hasher=OneHash(), seed=seed, end=utcnow())
    return True


def build(session: Session, *, storage: Storage, hasher: Hasher, seed: int, end: datetime) -> None:
    """Tell the whole year up to ``end``, all of it or nothing. Inboxes are told, no mail is written: it is long past. What the worker
    is to do waits from ``end`` on.
    """
    story = Story(session, storage, Random(seed), end)
    cast = Cast(story, hasher)
    cast.enter()
    year = Year(story, cast)
    year.begin()
    Audiences(story, cast, year).begin()
    Shelf(story, cast).begin()
    Cards(story, cast).begin()
    Receiving(story, cast).begin()
    Wishes(story, cast).begin()
    Finance(story, cast).begin()
    Disputes(story, cast).begin()
    Desk(story, cast).begin()
    Planning(story, cast, year).begin()
    Honours(story, cast).begin()
    Sites(story, cast).begin()
    Newcomer(story, cast).begin()
    Asking(story, cast).begin()
    Profiles(story, cast).begin()
    Accounts(story, cast).begin()
    Library(story, cast).begin()
    History(story, cast).begin()
    Requests(story, cast).begin()
    with withhold_mail(session), withhold_looks(session):
        story.tell()
    wait_from(session, now=end)


def _summary() -> str:
    with database().reading() as session:
        counts = [f"{session.scalar(select(func.count()).select_from(model))} {name}" for model, name in COUNTED]
    return ", ".join(counts) + "."


def _tell_sign_ins() -> None:
    """Print how to sign in, where the demo's people are the ones that are there."""
    with database().reading() as session:
        found = {p.name: p.email for p in session.scalars(select(Person).where(Person.is_demo, Person.name.in_([name for _, name in SIGN_INS])))}
    if not found:
        return
    click.echo(f"\n  Sign in with the password: {PASSWORD}")
    for role, name in SIGN_INS:
        if name in found:
            click.echo(f"  {role:<9} {found[name]}")
