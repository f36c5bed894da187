"""Verbs of rewards, one file a subject: the catalogue, redeeming, review."""
