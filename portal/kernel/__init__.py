"""What every room stands on. Knows no Flask and no feature."""
