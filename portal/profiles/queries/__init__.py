"""Reads of reference profiles."""
