"""Reference profiles: what a customer's person does for us, with which consents, how fresh that is, and their own page about it."""
