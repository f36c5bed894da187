"""The blueprint of the admins' doors, once all of them are hung."""

from portal.rewards.admin import redemptions, rewards, variants

bp = rewards.bp
parts = (rewards, redemptions, variants)
