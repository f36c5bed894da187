"""The room challenges."""
