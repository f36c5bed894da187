"""The demo programme: whole, believable, the same for the same seed, and every number found again in its rows."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config import Env, Settings
from portal.acts.models.acts import Act
from portal.app import create_app
from portal.audit.models import AuditEvent
from portal.bank.models import Dispute
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.audience import admitted_today
from portal.commands.demo.cast import PASSWORD
from portal.commands.demo.command import SIGN_INS, build
from portal.commands.demo.content import domain_of, email_of, programme
from portal.dashboard.queries.references import glance
from portal.dashboard.queries.welcome import welcome_of
from portal.files.models import StoredFile
from portal.files.storage import Storage
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.models import transfer
from portal.ledger.queries import invariants
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice, OutboxJob
from portal.notifications.queries import outbox_state
from portal.people.models import Company, Person, PersonInterest, Tag
from portal.recognition.queries.board import iter_board
from portal.references.models.nominating import Nomination
from portal.references.rules.states import State
from portal.requests.models import ReferenceRequest
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.vault.keys import Keys
from portal.vault.models import VaultCode
from portal.vault.rules import CodeState
from tests.factories.people import CHEAP, make_person
from tests.support.application import VAULT_KEY
from tests.support.databases import Templates
from tests.support.selection import ENGINES

END = datetime(2026, 3, 11, 15, 30, tzinfo=UTC)


class Told(NamedTuple):
    """A database in which the year was told."""

    engine: str
    database: Database
    folder: Path


@pytest.fixture(scope="module", params=ENGINES)
def told(request: pytest.FixtureRequest, templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The year, told once an engine for all tests here, none of which changes it."""
    folder = tmp_path_factory.mktemp(f"demo-{request.param}")
    url = templates.copy(request.param, folder)
    database = Database(url, zone="Europe/Berlin")
    database.inform_sessions(vault_keys=Keys(lambda: (VAULT_KEY,)), currency="USD")
    database.write(lambda session: build(session, storage=Storage(folder / "files", 25), hasher=CHEAP, seed=7, end=END))
    yield Told(request.param, database, folder)
    database.dispose()
    templates.drop(url)


@pytest.fixture(scope="module")
def digests() -> dict[str, Any]:
    """What the engines told."""
    return {}


@pytest.fixture
def year(told: Told) -> Iterator[Session]:
    with told.database.reading() as session:
        yield session


def counted(session: Session, column: Any) -> Counter[str]:
    return Counter({row[0]: row[1] for row in session.execute(select(column, func.count()).group_by(column))})


def total(session: Session, column: Any, *where: Any) -> int:
    return session.scalar(select(func.coalesce(func.sum(column), 0)).where(*where)) or 0


def test_it_is_as_large_as_promised(year: Session) -> None:
    members = year.scalar(select(func.count()).where(Person.is_advocate, Person.state == "active"))
    admins = year.scalar(select(func.count()).where(Person.is_admin))
    employees = year.scalar(select(func.count()).where(Person.is_employee, ~Person.is_admin))
    companies = year.scalar(select(func.count()).select_from(Company))
    assert (members, admins, employees, companies) == (41, 2, 6, 14)
    assert year.scalar(select(func.count()).select_from(Challenge)) == 28
    assert set(counted(year, Challenge.track)) == {"engage", "endorse", "earn"}
    assert year.scalar(select(func.count()).select_from(Reward)) >= 12


def test_everything_that_can_be_is_there(year: Session) -> None:
    assert set(counted(year, Challenge.state)) == {"draft", "live", "closed"}
    assert {"approved", "declined", "more_wanted", "waiting", "reversed"} <= set(counted(year, Attempt.state))
    assert {"approved", "declined", "more_wanted", "waiting", "open"} <= set(counted(year, Submission.state))
    assert {"requested", "approved", "sent", "received", "declined", "cancelled", "returned"} == set(counted(year, Redemption.state))
    assert set(State) == set(counted(year, Nomination.state))
    assert {"live", "retired"} == set(counted(year, Reward.state))
    assert {"active", "invited", "contact"} == set(counted(year, Person.state)), "who said no to being a reference is a contact"


def test_some_challenges_are_for_some_people_only_and_nobody_is_left_without(year: Session) -> None:
    members = year.scalars(select(Person.id).where(Person.is_advocate, Person.state == "active")).all()
    everything = len(admitted_today(year, members[0], END) | admitted_today(year, members[1], END))
    seen = [len(admitted_today(year, member, END)) for member in members]
    assert everything >= 2
    assert len(set(seen)) >= 3
    assert len(set(year.scalars(select(PersonInterest.wish)))) == 2
    assert set(year.scalars(select(Tag.name))) == set(programme()["tags"])


def test_a_few_do_much_many_do_some_and_some_are_silent(year: Session) -> None:
    acts = counted(year, Act.person_id)
    members = year.scalars(select(Person.id).where(Person.is_advocate, Person.state == "active")).all()
    done = sorted((acts[member] for member in members), reverse=True)
    assert sum(done[:5]) > sum(done) / 3
    assert done[0] >= 20
    assert sum(1 for number in done if 3 <= number < 20) >= 15
    assert sum(1 for number in done if number == 0) >= 3


def test_it_fills_a_year_up_to_yesterday_and_nothing_lies_ahead(year: Session) -> None:
    moments = year.scalars(select(Verdict.decided_at)).all()
    assert min(moments) < END - timedelta(days=300)
    assert max(moments) > END - timedelta(days=7)
    assert max(*moments, *year.scalars(select(AuditEvent.at)).all()) < END
    assert len({moment.strftime("%Y-%m") for moment in moments}) >= 12


@pytest.mark.parametrize(("written_at", "number"), [(transfer.c.recorded_at, transfer.c.id), (AuditEvent.at, AuditEvent.id)])
def test_it_was_told_in_order_of_time(year: Session, written_at: Any, number: Any) -> None:
    moments = year.scalars(select(written_at).order_by(number)).all()
    assert moments == sorted(moments)


def test_the_ledger_holds(year: Session) -> None:
    assert invariants.check(year) == []


def test_every_balance_is_found_again_in_rows(year: Session) -> None:
    for person_id in year.scalars(select(Person.id)):
        own = {state: total(year, Redemption.price, Redemption.person_id == person_id, Redemption.state == state) for state in REDEEMED}
        acts = total(year, Act.points, Act.person_id == person_id, Act.reversed_at.is_(None))
        adjusted = (transfer.c.owner_id == person_id, transfer.c.kind == "adjust")
        earned, given = total(year, transfer.c.earned, *adjusted), total(year, transfer.c.points, *adjusted)
        balance = balance_of(year, person_id)
        assert balance.lifetime == acts + earned
        assert balance.held == own["requested"] + own["approved"]
        assert balance.available - balance.owed == acts + given - sum(own.values())


REDEEMED = ("requested", "approved", "sent", "received")


def test_the_board_is_found_again_in_rows(year: Session) -> None:
    for line in iter_board(year, "all"):
        assert line.points == balance_of(year, line.member_id).lifetime


def test_the_shelf_holds_what_was_not_taken(year: Session) -> None:
    stocked = {entry["name"]: entry.get("stock") for entry in programme()["reward"]}
    stocked[programme()["vault_card"]["name"]] = len(programme()["vault_card"]["codes"])
    for reward in year.scalars(select(Reward)):
        taken = year.scalar(select(func.count()).where(Redemption.reward_id == reward.id, Redemption.released_at.is_(None))) or 0
        assert reward.stock == (None if stocked[reward.name] is None else stocked[reward.name] - taken)


def test_inboxes_are_told_and_no_mail_is_written(year: Session) -> None:
    # What badges and seasons promise is work without a mail.
    assert set(year.scalars(select(OutboxJob.topic))) == {"recognition.backfill", "recognition.recount"}
    assert (year.scalar(select(func.count()).select_from(Notice)) or 0) > 300
    assert 0 < (year.scalar(select(func.count()).where(Notice.read_at.is_(None))) or 0) < 140


def test_nobody_is_late_with_what_it_promises(year: Session) -> None:
    assert outbox_state(year, now=END).lag == timedelta(0)


def test_nobody_decided_on_their_own(year: Session) -> None:
    own = select(func.count()).select_from(Nomination).where(Nomination.nominator_id == Nomination.decided_by_id)
    assert year.scalar(own) == 0


def test_everybody_is_marked_as_demo(year: Session) -> None:
    assert set(year.scalars(select(Person.is_demo))) == {True}


def test_pictures_and_proofs_are_on_disk(told: Told, year: Session) -> None:
    files = year.scalars(select(StoredFile)).all()
    assert len(files) > len(programme()["reward"])
    for file in files:
        assert Storage(told.folder / "files", 25).path(file.storage_name).stat().st_size == file.size


def test_both_engines_tell_the_same_year(told: Told, year: Session, digests: dict[str, Any]) -> None:
    verdicts = select(Verdict.decided_at, Verdict.outcome, Verdict.points, Person.name).join(Submission, Submission.id == Verdict.submission_id)
    redeemed = select(Redemption.requested_at, Redemption.state, Redemption.price, Person.name)
    digests[told.engine] = [
        [tuple(row) for row in year.execute(verdicts.join(Person, Person.id == Submission.person_id).order_by(Verdict.id))],
        [tuple(row) for row in year.execute(redeemed.join(Person, Person.id == Redemption.person_id).order_by(Redemption.id))],
    ]
    assert all(digest == digests[told.engine] for digest in digests.values())


def test_who_joined_yesterday_is_welcomed_with_a_challenge_that_pays_at_once(year: Session) -> None:
    newcomer = year.scalars(select(Person).where(Person.name == programme()["newcomer"]["name"])).one()
    shown = welcome_of(year, newcomer.id, has_points=False, has_open=True, now=END)
    assert shown is not None
    assert [item.is_done for item in shown.wins] == [False, False, False]
    assert shown.offer is not None
    assert shown.offer.at_once == 10


def test_the_printed_people_sign_in_with_the_printed_password(told: Told, year: Session) -> None:
    for role, name in SIGN_INS:
        person = year.scalars(select(Person).where(Person.name == name)).one()
        assert role in person.roles
        assert CHEAP.verify(person.password_hash, PASSWORD)


def test_who_signs_in_as_advocate_can_try_to_redeem(year: Session) -> None:
    star = year.scalars(select(Person).where(Person.name == dict(SIGN_INS)["advocate"])).one()
    assert balance_of(year, star.id).available >= 1_500


def test_a_line_was_disputed_and_put_right_and_another_dispute_waits(year: Session) -> None:
    star = year.scalars(select(Person).where(Person.name == dict(SIGN_INS)["advocate"])).one()
    made = {dispute.state: dispute for dispute in year.scalars(select(Dispute))}
    assert set(made) == {"righted", "waiting"}
    assert (made["righted"].person_id, made["righted"].points) == (star.id, 25)
    assert made["waiting"].person_id != star.id


def test_who_signs_in_as_advocate_can_look_at_a_code(year: Session) -> None:
    star = year.scalars(select(Person).where(Person.name == dict(SIGN_INS)["advocate"])).one()
    ready = select(VaultCode.holder).where(VaultCode.state == CodeState.READY)
    mine = select(Redemption.id).where(Redemption.person_id == star.id)
    assert {f"redemption:{made}" for made in year.scalars(mine)} >= set(year.scalars(ready)) != set()


def command(told: Told, *arguments: str, env: Env = Env.TEST) -> tuple[int, str]:
    settings = Settings(
        _env_file=None,
        env=env,
        data=told.folder,
        database_url=told.database.url,
        secret_key="t" * 20 + "0123456789abcdef",
        base_url="https://laurel.example" if env is Env.PRODUCTION else "http://127.0.0.1:8000",
        log_level="ERROR",
    )
    app = create_app(settings)
    result = app.test_cli_runner().invoke(args=["demo", *arguments])
    app.extensions["database"].dispose()
    return result.exit_code, result.output


def test_a_second_run_changes_nothing_and_prints_the_sign_ins(told: Told) -> None:
    def state(session: Session) -> tuple[int | None, ...]:
        return tuple(session.scalar(select(func.max(model.id))) for model in (Person, AuditEvent, Notice, Submission, Redemption, StoredFile))

    with told.database.reading() as session:
        before = state(session)
    code, output = command(told, "--seed", "8")
    assert code == 0
    assert "nothing was done" in output
    assert PASSWORD in output
    for _, name in SIGN_INS:
        assert name.split()[0].casefold() in output
    with told.database.reading() as session:
        assert state(session) == before


def test_it_is_refused_in_production(told: Told) -> None:
    code, output = command(told, env=Env.PRODUCTION)
    assert code != 0
    assert "production" in output
    assert PASSWORD not in output


def test_nobodys_sign_ins_are_printed_where_real_people_are(database: Database, tmp_path: Path) -> None:
    database.write(lambda session: make_person(session, now=utcnow()))
    code, output = command(Told("", database, tmp_path), "--if-empty")
    assert (code, output) == (0, "")


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Anjali Menon", "anjali.menon@ferries.example"),
        ("Dr. Simone Tremblay", "simone.tremblay@ferries.example"),
        ("Declan O’Rourke", "declan.orourke@ferries.example"),
        ("Freja Sørensen", "freja.sorensen@ferries.example"),
        ("Nguyễn Minh Châu", "nguyen.minh.chau@ferries.example"),
        ("Kenji Ōno", "kenji.ono@ferries.example"),
    ],
)
def test_addresses_are_made_of_names(name: str, address: str) -> None:
    assert email_of(name, "ferries.example") == address


def test_domains_are_made_of_companies() -> None:
    assert domain_of("Tamarind & Pike Hotels") == "tamarind-pike-hotels.example"


def test_the_months_before_have_requests_of_every_end_and_their_figures_can_be_read(year: Session) -> None:
    glance_of_it = glance(year, END, "USD")
    assert glance_of_it.to_completion.number >= 10
    assert glance_of_it.deals.lines
    assert not glance_of_it.deals.other_currencies
    assert {key for key, _ in glance_of_it.unfilled_by} >= {"industry", "time"}
    assert {"completed", "missed", "declined"} <= set(year.scalars(select(ReferenceRequest.state)))
