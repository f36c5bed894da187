"""Tests of the safe."""
