"""What has to be done first: no challenge may wait, by whatever way, for itself."""

from collections.abc import Collection, Mapping


def leads_back(challenge_id: int, requires_id: int, needs: Mapping[int, Collection[int]]) -> bool:
    """Tell whether ``requires_id`` needs ``challenge_id`` itself, by one step or many. ``needs`` holds what each challenge needs."""
    seen: set[int] = set()
    open_ends = [requires_id]
    while open_ends:
        here = open_ends.pop()
        if here == challenge_id:
            return True
        if here not in seen:
            seen.add(here)
            open_ends.extend(needs.get(here, ()))
    return False
