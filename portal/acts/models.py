"""Tables of acts."""
