"""Admins’ pages of the bank."""
