"""Verbs of what we know of customer companies, and of contact details: granting, seeing, handing over."""
