"""What other systems tell us: events, each kept once as it came, and what it was used for.

Knows nothing of challenges: rooms above decide what an event completes, and say so with ``use_event``.
"""
