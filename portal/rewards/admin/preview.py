"""A reward as a member would see it, before anybody does: what is stored, or what is being typed. Nothing can be redeemed there, nothing is kept."""

from types import SimpleNamespace
from typing import Any

from flask.typing import ResponseReturnValue

from portal.files.queries import measures_of
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.rewards.admin.rewards import NAMES, bp, edit_page, said
from portal.rewards.forms.deciding import PlainForm
from portal.rewards.forms.editing import EditRewardForm
from portal.rewards.forms.redeeming import redeem_form, show_terms
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward
from portal.rewards.queries.catalogue import Offer, get_reward
from portal.rewards.queries.conditions import get_conditions
from portal.rewards.queries.variants import left_of, open_variants
from portal.rewards.rules.conditions import stand
from portal.rewards.rules.reach import standing
from portal.rewards.rules.redeeming import is_over
from portal.web.guards import admin
from portal.web.templating import render
from portal.web.transaction import db, writes

# Whoever looks may have everything: a preview shows the reward, not what holds for one person.
ANYBODY = SimpleNamespace(must_answer=False, is_answered=True)


@bp.get("/<int:reward_id>/preview")
@admin
def preview(reward_id: int) -> ResponseReturnValue:
    """The reward as it is kept, as a member would see it."""
    return _shown(get_reward(db(), reward_id))


@bp.post("/<int:reward_id>/preview")
@admin
@writes
def preview_typed(reward_id: int) -> ResponseReturnValue:
    """The reward as it is being typed; the picture is the one that is kept."""
    form = EditRewardForm()
    if not form.validate():
        return edit_page(reward_id, form=form), 422
    stored = get_reward(db(), reward_id)
    kept = {column.name: getattr(stored, column.name) for column in Reward.__table__.columns}
    picture = {"picture_id": None if form.drop_picture.data else stored.picture_id}
    return _shown(Reward(**kept | said(form) | picture), is_typed=True)


def _shown(reward: Reward, *, is_typed: bool = False) -> str:
    now = utcnow()
    today, left, day = local_date(now, programme_zone(db())), left_of(db(), [reward], now)[reward.id], kind_of(reward.kind).day(reward.options)
    # With a few points more than it costs, so that the page shows what is asked of who can have it.
    available = reward.price + 100
    asks = get_conditions(db(), reward.id)
    stands = stand(standing(price=reward.price, stock=left, limit=None, has=0, available=available), asks, today, None)
    variants = open_variants(db(), reward.id, today)
    form = redeem_form(reward, variants, None)
    show_terms(form, reward)
    shown: dict[str, Any] = {"before": None, "receiver": ANYBODY, "objection": None, "day": day, "is_past": is_over(day, today)}
    shown |= {"is_wished": False, "awaited": [], "plain": PlainForm(formdata=None), "pictures": measures_of(db(), [reward.picture_id])}
    shown |= {"is_preview": True, "is_typed": is_typed, "variants": variants, "offer": Offer(reward, stands, available, left, asks)}
    return render("rewards/show.html", reward=reward, form=form, **NAMES | shown)
