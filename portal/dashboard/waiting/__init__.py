"""What waits on an admin: one small class a room, with one contract."""
