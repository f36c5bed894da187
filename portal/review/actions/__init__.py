"""Verbs of reviewing, by subject: terms, owners and steps of what waits, second pairs of eyes, saved views."""
