"""Rewards that are not for everybody, or not for ever: with days of sale, a level, countries, an audience. Chance has no part in it."""

from datetime import datetime, timedelta
from typing import Any

from portal.audience.actions.editing import add_rule
from portal.audience.rules import Side
from portal.commands.demo.story import Story
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.recognition.queries.levels import list_levels
from portal.rewards.actions.conditions import open_audience, set_conditions

OFFERED = timedelta(days=2, hours=5)


def ask_for(story: Story, actor: Actor, reward_id: int, entry: dict[str, Any], at: datetime) -> None:
    """Set the conditions of a reward: ``from`` and ``to`` count days from the story's end, ``level`` is a name."""
    asked, today = entry["conditions"], local_date(story.end, programme_zone(story.session))
    levels = {level.name: level.id for level in list_levels(story.session)}
    set_conditions(
        story.session,
        actor,
        reward_id=reward_id,
        sale_from=today + timedelta(days=asked["from"]) if "from" in asked else None,
        sale_to=today + timedelta(days=asked["to"]) if "to" in asked else None,
        period=asked.get("period", "once"),
        level_id=levels[asked["level"]] if "level" in asked else None,
        countries=asked.get("countries", ()),
        now=at,
    )
    for number, rule in enumerate(asked.get("audience", ())):
        audience_id = open_audience(story.session, actor, reward_id=reward_id, now=at)
        facts: dict[str, Any] = {"side": Side.INCLUDE, "kind": rule["kind"], "given": {"values": rule["values"]}, "at_once": True}
        add_rule(story.session, actor, audience_id=audience_id, key=f"demo-reward-rule-{reward_id}-{number}", **facts, now=at)
