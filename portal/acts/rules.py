"""What is refused about acts."""

from portal.kernel.errors import NotFound
from portal.kernel.text import N_


class ActUnknown(NotFound):
    """There is no live act of this source: it never was one, or it was reversed already."""

    message = N_("There is no act to take back; it may have been taken back already.")
