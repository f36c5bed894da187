"""Reads about people, one file a subject: persons, companies, sessions, directory."""
