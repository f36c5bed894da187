"""What admins fill in about value in money, and about what the rule approves."""

from dataclasses import asdict

from flask_babel import lazy_gettext as _
from wtforms import IntegerField
from wtforms.validators import InputRequired

from portal.kernel.seen import seen_of
from portal.receiving.forms import MoneyField, dollars
from portal.rewards.models.offering import Reward
from portal.rewards.rules.auto import AutoTerms
from portal.web.forms import Form, SeenField


class ValueForm(Form):
    """What a reward is worth."""

    worth = MoneyField(_("Value in US dollars"))
    seen = SeenField()

    @classmethod
    def of(cls, reward: Reward) -> "ValueForm":
        """Return the form with what is stored."""
        return cls(formdata=None, data={"worth": dollars(reward.value_cents)}, seen=seen_of({"cents": reward.value_cents}))


class AutoForm(Form):
    """What the rule approves by itself."""

    most = MoneyField(_("Approve by rule up to, in US dollars"))
    received = IntegerField(_("Redemptions they have received before"), [InputRequired()])
    seen = SeenField()

    @classmethod
    def of(cls, terms: AutoTerms) -> "AutoForm":
        """Return the form with the terms as they stand."""
        stored = {"most": dollars(terms.most_cents), "received": terms.received}
        return cls(formdata=None, data=stored, seen=seen_of(asdict(terms)))

    def terms(self) -> AutoTerms:
        """Return what was entered."""
        return AutoTerms(self.most.cents, int(self.received.data or 0))
