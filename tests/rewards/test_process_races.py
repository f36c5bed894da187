"""Eight processes over the real pages: the last codes of a vault, and a waiting list beside pieces that come back."""

from collections import Counter
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config import Settings
from portal.invariants import problems
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.ids import new_key
from portal.notifications.models import Notice
from portal.people.actions.sessions import open_session
from portal.people.queries.persons import get_person
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.models.waiting import RewardWait
from portal.rewards.rules.cards import shelf_of
from portal.vault.keys import Keys
from portal.vault.models import VaultCode
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import make_reward
from tests.factories.vault import KEY, make_vault_card
from tests.rewards.racing import PROCESSES, follow_in_processes
from tests.rewards.test_waiting import told, work
from tests.support.prepared import compiled_templates

ROUNDS, CODES = 4, 5


def signed_in(session: Session, person_id: int) -> str:
    return open_session(session, get_person(session, person_id), is_kept=True, origin="127.0.0.1", browser="Test", now=utcnow())


def installation(settings: Settings) -> dict[str, Any]:
    """Return what another process needs for the same installation."""
    return settings.model_dump(include={"env", "data", "database_url", "secret_key", "vault_keys", "log_level"}) | {"templates": compiled_templates()}


def members(database: Database, many: int) -> dict[str, int]:
    """Return the sessions of so many people with points, and who they are."""

    def make(session: Session) -> tuple[str, int]:
        person_id = make_person(session).id
        give_points(session, person_id, 1_000)
        return signed_in(session, person_id), person_id

    return dict(database.write(make) for _ in range(many))


def test_eight_processes_go_for_five_codes_and_each_code_has_one_holder(database: Database, settings: Settings) -> None:
    """The first round wakes the processes: some may read in it that the portal is busy. Of that round the books are judged, not the answers."""
    database.inform_sessions(vault_keys=Keys(lambda: (KEY,)))
    people = members(database, PROCESSES)
    codes = [[f"RACE-{number}-{code}" for code in range(CODES)] for number in range(ROUNDS)]
    rewards = [database.write(lambda s, its=its: make_vault_card(s, *its, name=f"Card {its[0]}", price=10).id) for its in codes]
    posts = [f"/rewards/{reward_id}/redeem" for reward_id in rewards]
    plans = [(token, [(address, {"key": new_key(), "shown_price": "10", "wish": ""}) for address in posts]) for token in people]
    answers = [answer for _token, answer in follow_in_processes(installation(settings), plans)]
    with database.reading() as session:
        assert problems(session) == []
        for number, reward_id in enumerate(rewards):
            got = Counter(answer[number] for answer in answers)
            made = session.scalars(select(Redemption.id).where(Redemption.reward_id == reward_id)).all()
            holders = session.scalars(select(VaultCode.holder).where(VaultCode.shelf == shelf_of(reward_id), VaultCode.holder.is_not(None))).all()
            assert sorted(holders) == sorted(f"redemption:{redemption_id}" for redemption_id in made)
            assert got[303] == len(made) or (number == 0 and got[503])
            assert len(made) == CODES or (number == 0 and got[503])
            assert session.scalar(select(Reward.stock).where(Reward.id == reward_id)) == CODES - len(made)
            assert set(got) <= {303, 409, 422, 503 if number == 0 else 303}


def test_four_processes_join_a_list_while_four_bring_pieces_and_everybody_is_told_once_or_refused(database: Database, settings: Settings) -> None:
    people = members(database, PROCESSES // 2)
    rewards = [database.write(lambda s: make_reward(s, stock=0).id) for _ in range(ROUNDS)]
    admins = [database.write(partial(signed_in, person_id=database.write(lambda s: make_admin(s).id))) for _ in range(PROCESSES - len(people))]
    joins = [(f"/rewards/{reward_id}/wait", {}) for reward_id in rewards]
    raises = [(f"/admin/rewards/{reward_id}/stock", {"change": "1"}) for reward_id in rewards]
    plans = [*((token, joins) for token in people), *((token, raises) for token in admins)]
    answers = dict(follow_in_processes(installation(settings), plans))
    with database.reading() as session:
        waits = {reward_id: sorted(session.scalars(select(RewardWait.person_id).where(RewardWait.reward_id == reward_id))) for reward_id in rewards}
        charged = session.scalar(select(func.count()).select_from(Redemption))
    work(database)
    for number, reward_id in enumerate(rewards):
        joined = sorted(person_id for token, person_id in people.items() if answers[token][number] == 303)
        assert waits[reward_id] == joined
        assert {answers[token][number] for token in people} <= {303, 409, 503 if number == 0 else 303}
        brought = sum(answers[token][number] == 303 for token in admins)
        with database.reading() as session:
            assert session.scalar(select(Reward.stock).where(Reward.id == reward_id)) == brought
            called = session.scalars(select(Notice.person_id).where(Notice.link == f"/rewards/{reward_id}", Notice.kind == "reward_back")).all()
        assert sorted(called) == joined or (number == 0 and brought < len(admins))
    assert charged == 0
    before = len(told(database))
    work(database)
    assert len(told(database)) == before, "nobody is told twice"
