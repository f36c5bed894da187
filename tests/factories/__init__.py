"""Things for tests, made by the real actions, one file a room."""
