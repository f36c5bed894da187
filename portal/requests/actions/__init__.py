"""Verbs of requests. Each locks the request's own row first, then what it draws on of other rooms, in the order of the house."""
