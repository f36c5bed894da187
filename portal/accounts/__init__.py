"""What we know of a customer company beyond its record: renewal, goals, stakeholders, what was said at the hand-over; and who saw contact details."""
