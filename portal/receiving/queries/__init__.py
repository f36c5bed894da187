"""Reads of receiving: one person's standing, and lists for admins and finance."""
