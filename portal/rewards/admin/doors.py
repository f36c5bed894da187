"""The blueprint of the admins' doors, once all of them are hung."""

from portal.rewards.admin import codes, conditions, desk, movements, preview, redemptions, rewards, tickets, tracking, variants, waiting, worth

bp = rewards.bp
parts = (rewards, redemptions, codes, variants, desk, tracking, tickets, worth, conditions, waiting, movements, preview)
