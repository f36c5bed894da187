"""One row of a job that fails stops no other."""

import pytest

from portal.kernel.failures import Failures


def test_what_fails_is_told_at_the_end() -> None:
    failed, done = Failures(), []
    for number in (1, 0, 2):
        with failed.noted():
            done.append(10 // number)
    assert done == [10, 5]
    with pytest.raises(ExceptionGroup, match="1 rows"):
        failed.tell()
    Failures().tell()
