"""Doors of asks: a member's own, and those of employees and admins."""
