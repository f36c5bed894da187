"""Tests of the demo programme."""
