"""The blueprint of the admins' doors, once all of them are hung."""

from portal.challenges.admin import editor, review

bp = editor.bp
parts = (editor, review)
