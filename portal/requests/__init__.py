"""Reference requests: from an employee's need through the account owner's and the customer's yes to the meeting and what came of it."""
