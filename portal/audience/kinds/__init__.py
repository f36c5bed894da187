"""Kinds of rules, each a small class in its own file with the contract in ``contract.py``."""
