"""Nominations and the registry: employees name customers who may speak for us, admins decide, everybody sees how each stands.

Reference profiles, requests and matching come into this room later.
"""
