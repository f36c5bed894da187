"""Tests of what we know of customer companies, and of who sees contact details."""
