"""Pure decisions of recognition, one file a subject."""
