"""Tables of rewards."""
