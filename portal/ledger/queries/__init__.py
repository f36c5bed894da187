"""Reads of the safe: balances, statement, transfers, the list of invariants, the proof of the seals, the journal."""
