"""What keeps somebody out of a search, each by name with its sentence. They name nobody, so that they can be shown of people whose name is not."""

from collections.abc import Iterable

from portal.kernel.errors import Refusal
from portal.kernel.text import N_


class Misfit(Refusal):
    """A hard filter of a search. ``criterion`` is what of the search could be relaxed, empty where it is not the search."""

    criterion = ""
    hint = ""
    """What makes it a yes: ``later`` by itself, ``verify`` by the owner, ``admin`` by an admin."""


class NotFoundNow(Misfit):
    """The profile is no active one, is hidden from the search, or both: one filter under one name, told in three ways."""

    message = N_("Their profile is not active: %(status)s.")
    hint = "admin"
    is_hidden = False

    @property
    def name(self) -> str:
        return NotFoundNow.__name__


class HiddenNow(NotFoundNow):
    """Hidden alone."""

    message = N_("Their profile is hidden.")
    is_hidden = True


class NeitherActiveNorShown(NotFoundNow):
    """No active one, and hidden besides."""

    message = N_("Their profile is not active (%(status)s), and it is hidden.")
    is_hidden = True


class OnlyByAdmin(Misfit):
    """Tier 3: admins and the account owner alone."""

    message = N_("Only an admin or their account owner may ask.")
    hint = "admin"


class NoConsent(Misfit):
    """They have not agreed to this activity, or not any more."""

    message = N_("Has not agreed to this, or the consent has run out.")
    criterion = "activity"


class NotVerified(Misfit):
    """Nobody said for too long that the profile is true."""

    message = N_("Not verified for %(months)s months: ask their owner to verify.")
    hint = "verify"


class NeverVerified(Misfit):
    """Nobody ever said that the profile is true."""

    message = N_("Not verified yet: ask their owner to verify.")
    hint = "verify"


class OtherProduct(Misfit):
    """They do not use the product."""

    message = N_("Does not use %(product)s.")
    criterion = "product"


class OtherLanguage(Misfit):
    """They do not speak the language."""

    message = N_("Does not speak %(language)s.")
    criterion = "language"


class OwnGroup(Misfit):
    """The prospect is their own company."""

    message = N_("Belongs to the prospect’s own group.")
    criterion = "prospect"


class CompetesWithProspect(Misfit):
    """The prospect is one whom they are never put in touch with."""

    message = N_("Is never put in touch with %(prospect)s.")
    criterion = "prospect"


class AskedOften(Misfit):
    """Their own cap is reached."""

    message = N_("Asked %(used)s of %(most)s, free again on %(day)s.")
    hint = "later"


class CompanyAskedOften(Misfit):
    """The cap of their company is reached."""

    message = N_("Their company was asked %(used)s of %(most)s, free again on %(day)s.")
    hint = "later"


class TakesNone(Misfit):
    """The cap is nought."""

    message = N_("Takes no asks at present.")


class Escalated(Misfit):
    """An escalation is open."""

    message = N_("Has an open escalation.")


class Held(Misfit):
    """A legal hold stands."""

    message = N_("Is under a legal hold.")


class RenewalNear(Misfit):
    """Their contract is about to be renewed."""

    message = N_("Their renewal is on %(day)s: not within 30 days of it.")
    hint = "later"


class Detracts(Misfit):
    """The newest score is a detractor's."""

    message = N_("Their newest score is %(score)s of 10.")


class NeverThis(Misfit):
    """They said never to this kind."""

    message = N_("Does not want to be asked for this.")
    criterion = "activity"


class Away(Misfit):
    """Paused, resting, in a month off or in blackout days."""

    message = N_("Not available until %(day)s.")
    criterion = "needed_by"
    hint = "later"


class AwayThatDay(Misfit):
    """Blackout days, a pause or a month off cover the day it is needed by."""

    message = N_("Not available on %(needed)s; again from %(day)s.")
    criterion = "needed_by"
    hint = "later"


class StandsAgainst(Misfit):
    """One of ``SENSITIVE``, for whoever neither looks after the company nor runs the programme."""

    message = N_("Something stands against it: ask the account owner or an admin.")


class CannotBeAskedHere(Misfit):
    """Left, or no customer's person any more."""

    message = N_("Cannot be asked any more.")


SENSITIVE = (Detracts, RenewalNear, Escalated, Held)
"""What of a customer's standing with us is for the account owner and admins."""


def told_to_all(failed: Iterable[Misfit]) -> tuple[Misfit, ...]:
    """Return what any employee may read of why somebody does not fit: that something stands against it, never which of ``SENSITIVE``."""
    listed = tuple(failed)
    plain = tuple(one for one in listed if not isinstance(one, SENSITIVE))
    return plain if len(plain) == len(listed) else (*plain, StandsAgainst())
