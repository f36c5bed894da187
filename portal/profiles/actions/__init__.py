"""Verbs of reference profiles."""
