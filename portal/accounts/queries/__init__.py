"""Reads about customer companies, and about contact details: who may see them, who saw them."""
