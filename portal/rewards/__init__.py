"""The room rewards."""
