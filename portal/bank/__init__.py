"""Bank: the doors of the safe. The statement of what somebody earned and spent, and corrections by hand, with who asked and who decided."""
