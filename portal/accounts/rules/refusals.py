"""Why contact details are not shown, or what is known of a company cannot be kept."""

from portal.kernel.errors import NotAllowed, Refusal
from portal.kernel.text import N_


class ContactHidden(NotAllowed):
    """The contact details of a customer's person, for somebody who may not see them."""

    message = N_(
        "Contact details of %(name)s are shown to the person who looks after the company and to admins, "
        "and to others once %(name)s has agreed to what they were asked for."
    )


class NotYoursToHandOver(NotAllowed):
    """Somebody who neither looks after the company nor runs the programme writes what is known of it."""

    message = N_("What is known of a company is written by whoever looks after it, or by an admin.")


class StakeholderNameless(Refusal):
    """A stakeholder of whom only a role or an interest was entered."""

    message = N_("Please give everybody who matters there a name, or empty the whole line.")
    field = "stakeholders"


class TooManyStakeholders(Refusal):
    """More stakeholders than one page holds."""

    message = N_("Please keep to %(most)s people who matter there.")
    field = "stakeholders"


class CompetitorTooLong(Refusal):
    """A line of competitors that is no name."""

    message = N_("“%(name)s…” is too long for a company’s name: please use at most %(most)s characters a line.")
    field = "competitors"


class TooManyCompetitors(Refusal):
    """More competitors than anybody keeps apart."""

    message = N_("Please name at most %(most)s companies.")
    field = "competitors"
