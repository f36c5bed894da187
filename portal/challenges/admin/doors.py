"""Admins' pages of the room in one blueprint; importing this registers them all."""

from portal.challenges.admin import editor, review

bp = editor.bp

__all__ = ["bp", "editor", "review"]
