"""Codes that are worth money, sealed with keys that the database never sees: brought in, taken once, shown once."""
