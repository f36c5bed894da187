"""Numbers of tickets under this portal's secret, for its doors."""

from flask import current_app, url_for
from markupsafe import Markup

from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.rules.states import SPENT
from portal.rewards.rules.tickets import number_of, redemption_of
from portal.web.qr import qr


def ticket_number(redemption: Redemption, reward: Reward) -> str:
    """Return the number of a ticket that was given; empty for what is no ticket, or none yet."""
    if not kind_of(reward.kind).is_shown or redemption.state not in SPENT:
        return ""
    return number_of(redemption.id, current_app.config["SECRET_KEY"])


def drawn(number: str) -> Markup:
    """Return the QR code of a ticket: the address at which staff read what it is worth."""
    path = url_for("rewards_admin.ticket", ticket_number=number)
    return qr(f"{current_app.config['SETTINGS'].base_url}{path}")


def found_by(number: str) -> int | None:
    """Return the redemption with this number, made under today's secret or one that is still accepted; None if there is none."""
    return redemption_of(number, [current_app.config["SECRET_KEY"], *(current_app.config.get("SECRET_KEY_FALLBACKS") or [])])
