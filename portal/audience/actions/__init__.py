"""Changing audiences, one rule at a time, and putting the changes live."""
