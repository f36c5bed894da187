"""Tests of reference requests."""
