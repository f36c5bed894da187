"""Python looks for unused rings of objects less often than it would by itself: a fifth of a run went into looking through what stays."""

import gc

import pytest

# So many new objects are looked through at once: about what three tests with an application leave. From here on, for the imports too.
gc.set_threshold(100_000, 10, 10)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Set aside what was imported and collected: it is needed to the end."""
    gc.collect()
    gc.freeze()
