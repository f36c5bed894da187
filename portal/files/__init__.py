"""Stored uploads: kept outside static under random names, known by their content, served as attachments."""
