"""Reads of reviewing, by subject: terms, cases, who may decide, saved views."""
