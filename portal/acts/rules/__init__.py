"""Decisions about acts and asks, pure, one file a subject."""
