"""Doors of nominations and the registry, one file a subject."""
