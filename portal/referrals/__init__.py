"""Peers whom members pass on: who referred whom, with the peer's agreement, what became of it, and when the peer's details go again.

Knows nothing of challenges: a referral names what it came with by type and id. Rooms above send, settle and hear of erasures.
"""
