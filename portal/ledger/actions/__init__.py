"""Verbs of the safe. Each takes a key that names the decision: a repeat returns the first transfer and moves nothing."""
