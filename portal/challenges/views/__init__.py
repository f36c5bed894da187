"""The advocates' doors: the list and one's own submissions, a challenge and its steps."""
