"""Verbs that change people, one file a subject: companies, persons, joining, states, links, passwords, sign_in, profile."""
