"""Verbs of nominations: nominating, and deciding."""
