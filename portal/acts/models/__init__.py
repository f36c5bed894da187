"""Tables of acts and of asks, one file a subject."""
