"""The doors of reference profiles."""
