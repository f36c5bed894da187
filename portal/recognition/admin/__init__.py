"""The admins' doors: badges, levels, seasons, and what somebody was given."""
