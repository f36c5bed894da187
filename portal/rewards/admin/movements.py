"""Admins' page of how the stock of a reward moved."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from portal.rewards.admin.rewards import NAMES, bp
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.stock import Moved, iter_movements, list_movements
from portal.rewards.rules.stock import WHY_NAMES, Why
from portal.web.exports import csv_response
from portal.web.guards import admin
from portal.web.templating import render
from portal.web.transaction import db

MOVEMENTS_HEADER = ("at", "variant", "why", "pieces", "left", "by", "redemption", "person")


@bp.get("/<int:reward_id>/movements")
@admin
def movements(reward_id: int) -> ResponseReturnValue:
    """Every piece that came onto the shelves of a reward or left them: who, when and why."""
    reward = get_reward(db(), reward_id)
    if request.args.get("format") == "csv":
        return csv_response("movements-of-stock.csv", MOVEMENTS_HEADER, map(_line, iter_movements(db(), reward_id)))
    found = list_movements(db(), reward_id, after=request.args.get("after"))
    return render("rewards/admin/movements.html", found=found, reward=reward, whys=WHY_NAMES, **NAMES)


def _line(moved: Moved) -> tuple[Any, ...]:
    its = moved.movement
    at, why = its.at.isoformat(timespec="seconds"), Why(its.why).value
    return at, moved.variant, why, its.pieces, moved.left, moved.by, its.redemption_id or "", moved.person
