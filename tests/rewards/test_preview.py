"""A draft, and what is being typed, as a member would see it: nothing of it is kept, nothing can be redeemed."""

from io import BytesIO

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.files.models import StoredFile
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.rewards.actions.variants import add_variant
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.rules.kinds import Kind
from tests.factories.people import make_admin, make_person
from tests.factories.rewards import make_draft, make_reward
from tests.files import samples
from tests.support.application import SignIn


def test_an_admin_sees_a_draft_as_members_will_and_members_do_not(database: Database, sign_in: SignIn) -> None:
    def scene(session: Session) -> tuple[int, int, int]:
        reward = make_draft(session, name="Wool overshirt", kind=Kind.MERCHANDISE, terms="No exchange.", price=120)
        add_variant(session, system(), reward_id=reward.id, name="M, navy", stock=3, now=utcnow())
        return make_admin(session).id, make_person(session).id, reward.id

    admin_id, person_id, reward_id = database.write(scene)
    page = sign_in(admin_id).get(f"/admin/rewards/{reward_id}/preview").text
    for said in (
        "Preview: nobody sees this yet.",
        "Nothing can be redeemed here.",
        "M, navy",
        "No exchange.",
        "Where shall it go?",
        "<fieldset disabled",
    ):
        assert said in page
    assert f'action="/rewards/{reward_id}/redeem"' not in page
    assert "Wish for" not in page
    member = sign_in(person_id)
    assert member.get(f"/admin/rewards/{reward_id}/preview").status_code == 403
    assert member.get(f"/rewards/{reward_id}").status_code == 404


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_preview(database: Database, sign_in: SignIn, kind: Kind) -> None:
    admin_id, reward_id = database.write(lambda s: (make_admin(s).id, make_draft(s, kind=kind, stock=0).id))
    assert "out of stock" in sign_in(admin_id).get(f"/admin/rewards/{reward_id}/preview").text


def test_what_is_being_typed_is_shown_and_not_kept(database: Database, sign_in: SignIn) -> None:
    admin_id, reward_id = database.write(lambda s: (make_admin(s).id, make_reward(s, name="Mug", kind=Kind.PERK, price=80, stock=4).id))
    client, address = sign_in(admin_id), f"/admin/rewards/{reward_id}/preview"
    typed = {"name": "Cup", "summary": "Round.", "text": "**Blue**", "terms": "", "kind": "perk", "price": "95", "limit_per_person": ""}
    with_picture = typed | {"picture": (BytesIO(samples.picture()), "x.png")}
    page = client.post(address, data=with_picture).text
    for said in ("Preview of what you typed", "Cup", "<strong>Blue</strong>", "Redeem for 95 points"):
        assert said in page
    assert client.post(address, data=typed | {"name": ""}).status_code == 422
    with database.reading() as session:
        reward = session.get_one(Reward, reward_id)
        counts = [session.scalar(select(func.count()).select_from(table)) for table in (StoredFile, Redemption, Reward)]
    assert (reward.name, reward.price, reward.stock, counts) == ("Mug", 80, 4, [0, 0, 1])
