"""Somebody without a reference profile may be proposed: their yes to this one request is their consent. Nobody is to overlook that."""

from enum import StrEnum

from portal.kernel.text import N_


class Stranger(StrEnum):
    """Whether somebody never agreed to be a reference, and was never asked for this kind either."""

    NO = ""
    FIRST = "first"
    AGAIN = "again"


STRANGER_WORDS = {
    Stranger.FIRST: N_(
        "%(name)s has no reference profile and has never agreed to this (%(activity)s). This would be the first time they are asked for it."
    ),
    Stranger.AGAIN: N_("%(name)s has no reference profile and has never agreed to this (%(activity)s) but for single requests."),
}


def stranger(*, has_profile: bool, was_asked: bool) -> Stranger:
    """Return what somebody is to whoever asks them."""
    if has_profile:
        return Stranger.NO
    return Stranger.AGAIN if was_asked else Stranger.FIRST
