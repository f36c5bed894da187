"""The safe: double entry, whole points, append-only. Knows no Flask and no feature; an owner is a number to it.

Every change of points is one transfer with two or more entries that sum to zero. Verbs stand in
``actions``: ``accounts`` (open), ``earning`` (award, reverse), ``adjusting``, ``holding`` (hold,
release, capture), ``sealing`` (blocks over what was written), ``notes`` (erasable text).
"""
