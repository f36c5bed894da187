"""Admins' pages of rewards, one file a subject: rewards, redemptions."""
