"""The blueprint of the admins' doors, once all of them are hung."""

from portal.rewards.admin import codes, desk, redemptions, rewards, tickets, tracking, variants, worth

bp = rewards.bp
parts = (rewards, redemptions, codes, variants, desk, tracking, tickets, worth)
