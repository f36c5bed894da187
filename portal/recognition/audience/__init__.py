"""What audiences ask recognition: on which level somebody stands, which badges they have."""
