"""Verbs of receiving, one file a subject: what may be accepted, values of a year, tax forms."""
