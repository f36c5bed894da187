"""Tables of references."""
