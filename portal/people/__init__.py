"""Persons and their companies: one record a person, roles, invitation, sign-in and its sessions, profile."""
