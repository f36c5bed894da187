"""The room imports."""
