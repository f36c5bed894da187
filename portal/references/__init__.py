"""The room references."""
