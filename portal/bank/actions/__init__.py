"""Verbs of the bank, by subject: corrections by hand, the second pair of eyes for large ones, limits a month."""
