"""What challenges give to audiences: rules about challenges, and who is in the middle of one."""
