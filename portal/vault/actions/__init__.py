"""What is done with codes: brought in, taken, shown, sealed anew. Whoever uses the vault records it under their own names."""
