"""Who may see a profile, and who may change it. Contact details are another matter, which ``accounts`` owns. Pure."""

from portal.kernel.actor import Actor
from portal.profiles.rules.states import Status


def may_change(actor: Actor, owner_id: int | None) -> bool:
    """Tell whether ``actor`` may write this profile: admins, and the employee who looks after the company."""
    return actor.is_admin or (actor.is_employee and actor.id is not None and actor.id == owner_id)


def may_see(actor: Actor, *, owner_id: int | None, tier: int, status: Status, is_visible: bool) -> bool:
    """Tell whether ``actor`` may read who this is: who may change it, and of tier 1 every employee, while it is active and shown."""
    if may_change(actor, owner_id):
        return True
    return actor.is_employee and tier == 1 and is_visible and status is Status.ACTIVE
