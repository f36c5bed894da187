"""Reads over many rooms, one file a page: queue, overview, home, front, audit log."""
