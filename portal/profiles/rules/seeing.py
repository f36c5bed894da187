"""Who may know that somebody is a reference, who may see a profile, and who may change it. The one rule of tiers. Pure.

Contact details are another matter, which ``accounts`` owns.
"""

from portal.kernel.actor import Actor
from portal.people.rules.company import looks_after
from portal.profiles.rules.states import Status

OPEN_TIER = 1
"""Every employee may know who it is; of the tiers above, admins and the account owner."""


def may_change(actor: Actor, owner_id: int | None) -> bool:
    """Tell whether ``actor`` may write this profile: admins, and the employee who looks after the company."""
    return looks_after(actor, owner_id)


def may_know(actor: Actor, *, person_id: int | None = None, owner_id: int | None, tier: int | None, is_granted: bool = False) -> bool:
    """Tell whether ``actor`` may know who somebody with a profile of this tier is; ``tier`` None is somebody without a profile.

    Of tier 2 and 3: who may change it, the person themself, and whoever was granted their contact details by a yes (``is_granted``).
    """
    if tier is None or tier <= OPEN_TIER or may_change(actor, owner_id):
        return True
    return actor.id is not None and (actor.id == person_id or (actor.is_employee and is_granted))


def may_see(actor: Actor, *, owner_id: int | None, tier: int, status: Status, is_visible: bool) -> bool:
    """Tell whether ``actor`` may read the profile: who may change it, and of tier 1 every employee, while it is active and shown."""
    if may_change(actor, owner_id):
        return True
    return actor.is_employee and tier <= OPEN_TIER and is_visible and status is Status.ACTIVE
