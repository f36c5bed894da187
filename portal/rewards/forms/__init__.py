"""What people type about rewards, one file a subject. Shape only."""
