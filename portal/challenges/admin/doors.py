"""The blueprint of the admins' doors, once all of them are hung."""

from portal.challenges.admin import calendar, editor, events, life, preview, rehearsal, review, rules, steps, templates

bp = editor.bp
parts = (editor, steps, life, review, rules, preview, rehearsal, templates, calendar, events)
