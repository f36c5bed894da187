"""What members allowed us: to quote them, to show their logo, name or photo, a case study; where, until when, and when they took it back.

Knows nothing of challenges: a consent names what it came with by type and id, and which of what was sent is the evidence.
"""
