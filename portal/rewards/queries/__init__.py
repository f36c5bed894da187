"""Reads of rewards, one file a subject: the catalogue, redemptions, review."""
