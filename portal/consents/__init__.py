"""Consents: what members allow us to say and show of them, word by word, for how long and where, until they withdraw it."""
