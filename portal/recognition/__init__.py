"""Recognition: who earned how much in which period, and where that puts them.

Rooms that pay go through here, so that boards and ledger never differ.
"""
