"""Reads of the boards, one file a subject: the board itself, places, fences."""
