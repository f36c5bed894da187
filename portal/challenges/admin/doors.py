"""The blueprint of the admins' doors, once all of them are hung."""

from portal.challenges.admin import (
    begun,
    calendar,
    editor,
    events,
    life,
    preview,
    rehearsal,
    repricing,
    review,
    rules,
    sites,
    steps,
    templates,
    welcome,
)

bp = editor.bp
parts = (editor, steps, life, review, rules, sites, preview, rehearsal, templates, calendar, events, welcome, repricing, begun)
