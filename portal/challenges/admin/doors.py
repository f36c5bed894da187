"""The blueprint of the admins' doors, once all of them are hung."""

from portal.challenges.admin import editor, life, review, rules, sites, steps

bp = editor.bp
parts = (editor, steps, life, review, rules, sites)
