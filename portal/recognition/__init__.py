"""The room recognition."""
