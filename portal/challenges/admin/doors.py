"""The blueprint of the admins' doors, once all of them are hung."""

from portal.challenges.admin import editor, review, rules

bp = editor.bp
parts = (editor, review, rules)
