"""What may be kept, how it is recognised, and why it is refused. No Flask, no SQLAlchemy."""
