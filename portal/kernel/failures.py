"""What went wrong on single rows while the others went on."""

from collections.abc import Iterator
from contextlib import contextmanager


class Failures:
    """Keeps what single rows of a job raise, so that one stops no other, and tells all of it at the end."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []

    @contextmanager
    def noted(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.errors.append(error)

    def tell(self) -> None:
        """Raise all of them as one, if there are any."""
        if self.errors:
            raise ExceptionGroup(f"{len(self.errors)} rows could not be done", self.errors)
