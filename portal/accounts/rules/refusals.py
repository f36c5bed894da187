"""Why contact details are not shown, or what is known of a company cannot be kept."""

from portal.kernel.errors import NotAllowed
from portal.kernel.text import N_


class ContactHidden(NotAllowed):
    """The contact details of a customer's person, for somebody who may not see them."""

    message = N_(
        "Contact details of %(name)s are shown to the person who looks after the company and to admins, "
        "and to others once %(name)s has agreed to what they were asked for."
    )
