"""What the worker does for the bank, one file a subject: heads of the seals, points that expire or wait. Handed over in ``app.py``."""
