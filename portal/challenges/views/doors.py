"""Advocates' pages of the room in one blueprint; importing this registers them all."""

from portal.challenges.views import answering, lists

bp = lists.bp

__all__ = ["answering", "bp", "lists"]
