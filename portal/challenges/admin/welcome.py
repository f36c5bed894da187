"""The admins' doors to the challenge that new members are offered first."""

from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.challenges.actions import welcome
from portal.challenges.admin.editor import bp, do, show_again
from portal.web.guards import admin
from portal.web.transaction import writes


@bp.post("/<int:challenge_id>/welcome")
@admin
@writes(again=show_again)
def offer_first(challenge_id: int) -> Response:
    """Offer it to new members first, in place of any other."""
    return do(challenge_id, welcome.offer_first, _("New members are offered this first."))


@bp.post("/<int:challenge_id>/welcome/end")
@admin
@writes(again=show_again)
def stop_offering_first(challenge_id: int) -> Response:
    """Offer it to new members first no longer."""
    return do(challenge_id, welcome.stop_offering_first, _("New members are no longer offered this first."))
