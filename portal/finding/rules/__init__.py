"""Pure decisions of the room."""
