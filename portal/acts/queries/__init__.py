"""Reads of acts and asks, one file a subject."""
