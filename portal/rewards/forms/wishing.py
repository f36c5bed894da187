"""What members send with a heart and with "tell me when it is back", and how their list is shown."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import HiddenField, SelectField
from wtforms.validators import AnyOf, Optional

from portal.kernel.ids import read_id
from portal.web.forms import FilterForm, Form


class HeartForm(Form):
    """Wishing for a reward, or no longer; ``next`` is where the heart was pressed."""

    is_wished = HiddenField(filters=[lambda value: value == "yes"])
    next = HiddenField()


class ShelfForm(Form):
    """Waiting for a reward, or for one variant of it."""

    variant_id = HiddenField(validators=[Optional()])
    shelf = HiddenField()
    """Stands for ``variant_id`` where the form to redeem, which has one of its own, goes along."""
    next = HiddenField()

    @property
    def variant(self) -> int | None:
        """The variant that is waited for, None for the reward as it is; 0, which none is, for what cannot be read."""
        typed = str((self.shelf if self.shelf.raw_data else self.variant_id).data or "")
        if not typed:
            return None
        return read_id(typed) or 0


class WishesFilter(FilterForm):
    """What of the reader's list is shown, and in which order."""

    show = HiddenField(validators=[Optional(), AnyOf(["waiting"])])
    sort = SelectField(
        _("Order"),
        [Optional()],
        choices=lambda: [("nearest", gettext("Lowest price")), ("newest", gettext("Newest first")), ("name", gettext("Name"))],
    )
