"""What a table, a plan and a row are, and why they are refused. No Flask, no SQLAlchemy."""
