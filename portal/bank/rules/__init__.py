"""What the bank decides, by subject: names of lines, corrections by hand."""
