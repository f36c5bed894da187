"""``flask people …``: the first admin, the list, shutting somebody out."""

from datetime import datetime

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from portal.kernel.actor import ADMIN, EMPLOYEE, Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.people.actions.joining import invite_person
from portal.people.actions.passwords import reset_link
from portal.people.actions.persons import add_person
from portal.people.actions.states import change_roles, deactivate_person
from portal.people.queries.directory import all_people
from portal.people.queries.persons import find_person_by_email
from portal.people.rules.invitation import name_from
from portal.people.rules.person import ROLES, PersonState
from portal.web.transaction import database

people = AppGroup("people", help="People of the programme.")


def _told(refusal: Refusal) -> click.ClickException:
    return click.ClickException(str(refusal))


@people.command("add-admin")
@click.argument("email")
@click.option("--name", help="Name of the admin; made from the address if not given.")
def add_admin(email: str, name: str | None) -> None:
    """Make EMAIL an admin and print a link, good once, to choose a password with. Who is new is an employee too, who may nominate and ask."""
    try:
        link = database().write(lambda session: _admin_link(session, system("cli"), email, name, utcnow()))
    except Refusal as refusal:
        raise _told(refusal) from refusal
    click.echo(current_app.config["SETTINGS"].base_url + link)


def _admin_link(session: Session, actor: Actor, email: str, name: str | None, now: datetime) -> str:
    """Return the path of an invitation; for somebody who has joined, of a link for a new password."""
    person = find_person_by_email(session, email)
    if person is None:
        person = add_person(session, actor, name=name or name_from(email), email=email, roles={ADMIN, EMPLOYEE}, now=now)
    elif not person.is_admin:
        change_roles(session, actor, person_id=person.id, roles=person.roles | {ADMIN}, now=now)
    if person.state == PersonState.ACTIVE:
        return reset_link(session, person, now)
    return invite_person(session, actor, person_id=person.id, mail=False, now=now)


@people.command("list")
@click.option("--role", type=click.Choice(ROLES), help="Only people with this role.")
@click.option("--state", type=click.Choice([str(state) for state in PersonState]), help="Only people in this state.")
def list_all(role: str | None, state: str | None) -> None:
    """Print id, state, roles, address, name and company, with tabs between."""
    with database().reading() as session:
        for person, company, _tags in all_people(session, role=role, state=state):
            roles = ",".join(held for held in ROLES if held in person.roles)
            click.echo("\t".join([str(person.id), person.state, roles, person.email or "no address", person.name, company or ""]))


@people.command("deactivate")
@click.argument("email")
@click.option("--reason", required=True, help="Why; other admins will read it.")
def deactivate(email: str, reason: str) -> None:
    """Shut the person with the address EMAIL out; their sessions end at once."""

    def work(session: Session) -> None:
        person = find_person_by_email(session, email)
        if person is None:
            raise NotFound()
        deactivate_person(session, system("cli"), person_id=person.id, reason=reason, now=utcnow())

    try:
        database().write(work)
    except Refusal as refusal:
        raise _told(refusal) from refusal
    click.echo(f"{email} is deactivated.")
