"""Admins' page of who waits for a reward that is sold out."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from portal.rewards.admin.rewards import NAMES, bp
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.waiting import count_waiting, iter_waiting, list_waiting
from portal.web.exports import csv_response
from portal.web.guards import admin
from portal.web.templating import render
from portal.web.transaction import db

WAITING_HEADER = ("turn", "person", "company", "variant", "joined", "told")


@bp.get("/<int:reward_id>/waiting")
@admin
def waiting(reward_id: int) -> ResponseReturnValue:
    """Everybody who waits for a reward, in the order in which they are told."""
    reward = get_reward(db(), reward_id)
    if request.args.get("format") == "csv":
        return csv_response("waiting-list.csv", WAITING_HEADER, (_line(turn, row) for turn, row in enumerate(iter_waiting(db(), reward_id), start=1)))
    found = list_waiting(db(), reward_id, after=request.args.get("after"))
    return render("rewards/admin/waiting.html", found=found, reward=reward, listed=count_waiting(db(), reward_id), **NAMES)


def _line(turn: int, row: Any) -> tuple[Any, ...]:
    wait, person, company, variant = row
    told = wait.told_at.isoformat(timespec="seconds") if wait.told_at else ""
    return turn, person.name, company or "", variant or "", wait.joined_at.isoformat(timespec="seconds"), told
