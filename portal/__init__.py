"""Laurel, an advocate community portal.

Feature packages ("rooms") with the same floors inside; ``docs/architecture.md`` holds the
floor plan, what may import what, and where a change goes. ``portal.app`` puts it together.
"""
