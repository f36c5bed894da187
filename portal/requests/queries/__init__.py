"""Reading requests, and what links and calendars need of them."""
