"""Tables of challenges."""
