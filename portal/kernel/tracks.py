"""The three tracks of an advocate's activities."""

from enum import StrEnum

from portal.kernel.text import N_


class Track(StrEnum):
    """Engage with peers, endorse in public, earn recognition."""

    ENGAGE = "engage"
    ENDORSE = "endorse"
    EARN = "earn"


TRACK_NAMES = {Track.ENGAGE: N_("Engage"), Track.ENDORSE: N_("Endorse"), Track.EARN: N_("Earn")}
