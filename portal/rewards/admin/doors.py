"""The blueprint of the admins' doors, once all of them are hung."""

from portal.rewards.admin import desk, redemptions, rewards, tracking, variants, worth

bp = rewards.bp
parts = (rewards, redemptions, variants, desk, tracking, worth)
