"""The admins' doors: the editor of challenges and their steps, and the review of what was sent."""
