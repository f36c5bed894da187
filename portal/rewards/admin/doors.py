"""The blueprint of the admins' doors, once all of them are hung."""

from portal.rewards.admin import conditions, desk, redemptions, rewards, tickets, tracking, variants, worth

bp = rewards.bp
parts = (rewards, redemptions, variants, desk, tracking, tickets, worth, conditions)
