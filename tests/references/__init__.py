"""Tests of nominations and the registry."""
