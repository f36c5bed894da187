"""Which time zones lie in a region that a deal names: for customers of whom nobody wrote down where they are, or who work elsewhere. Pure.

Regions are free text. Those that are usual in sales are known here, by the areas and cities of the tz database; any other has no zones, and a
region that is itself the name of a zone, or of an area, has those.
"""

from portal.finding.rules.needs import key_of

_MIDDLE_EAST = frozenset(
    f"Asia/{city}"
    for city in ("Aden", "Amman", "Baghdad", "Bahrain", "Beirut", "Damascus", "Dubai", "Gaza", "Hebron", "Jerusalem", "Kuwait", "Muscat", "Qatar")
) | {"Asia/Riyadh", "Asia/Tehran"}
_AMERICAS, _OCEANIA = frozenset({"America", "US", "Canada"}), frozenset({"Australia", "Pacific"})
_ZONES = {
    "emea": frozenset({"Europe", "Africa"}) | _MIDDLE_EAST,
    "mea": frozenset({"Africa"}) | _MIDDLE_EAST,
    "middle east": _MIDDLE_EAST,
    "dach": frozenset({"Europe/Berlin", "Europe/Busingen", "Europe/Vienna", "Europe/Zurich", "Europe/Vaduz"}),
    "nordics": frozenset({"Europe/Copenhagen", "Europe/Helsinki", "Europe/Mariehamn", "Europe/Oslo", "Europe/Stockholm", "Atlantic/Reykjavik"}),
    "uk": frozenset({"Europe/London"}),
    "apac": frozenset({"Asia"}) | _OCEANIA,
    "anz": frozenset({"Australia", "Pacific/Auckland"}),
    "oceania": _OCEANIA,
    "americas": _AMERICAS,
    "amer": _AMERICAS,
}


def lies_in(zone: str, region: str) -> bool:
    """Tell whether a time zone lies in a region."""
    key, area = key_of(region), zone.partition("/")[0]
    if not zone or not key:
        return False
    if key == "apac" and zone in _MIDDLE_EAST:
        return False
    if key in _ZONES:
        return zone in _ZONES[key] or area in _ZONES[key]
    return key in (key_of(zone), key_of(area))
