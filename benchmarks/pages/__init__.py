"""What is asked of the portal, and how fast it should answer: one line a request of ``docs/performance.md``."""

from benchmarks.pages.asking import Ask, Page
from benchmarks.pages.visit import Visit

__all__ = ["Ask", "Page", "Visit"]
