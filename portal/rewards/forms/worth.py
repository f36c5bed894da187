"""What admins fill in about value in money, and about what the rule approves."""

from flask_babel import lazy_gettext as _
from wtforms import IntegerField
from wtforms.validators import InputRequired

from portal.receiving.forms import MoneyField, dollars
from portal.rewards.models import Reward
from portal.rewards.rules.auto import AutoTerms
from portal.web.forms import Form


class ValueForm(Form):
    """What a reward is worth."""

    worth = MoneyField(_("Value in US dollars"))

    @classmethod
    def of(cls, reward: Reward) -> "ValueForm":
        """Return the form with what is stored."""
        return cls(formdata=None, data={"worth": dollars(reward.value_cents)})


class AutoForm(Form):
    """What the rule approves by itself."""

    most = MoneyField(_("Approve by rule up to, in US dollars"))
    received = IntegerField(_("Redemptions they have received before"), [InputRequired()])

    @classmethod
    def of(cls, terms: AutoTerms) -> "AutoForm":
        """Return the form with the terms as they stand."""
        return cls(formdata=None, data={"most": dollars(terms.most_cents), "received": terms.received})

    def terms(self) -> AutoTerms:
        """Return what was entered."""
        return AutoTerms(self.most.cents, int(self.received.data or 0))
