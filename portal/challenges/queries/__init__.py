"""What is read of challenges and submissions, by reader: catalogue, own, editing, review."""
