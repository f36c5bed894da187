"""What changes things in the room."""
