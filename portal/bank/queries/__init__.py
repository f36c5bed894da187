"""Reads of the bank: statements, corrections, limits."""
