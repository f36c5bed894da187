"""Reads about nominations, one file a subject: duplicates, nominations, review, registry, gaps."""
