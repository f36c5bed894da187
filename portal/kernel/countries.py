"""Countries by their codes of ISO 3166-1, and from what somebody typed to a code."""

from functools import lru_cache

from babel import Locale

_CODES = """
AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ CA CC CD CF CG CH CI CK
CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR
GT GU GW GY HK HN HR HT HU ID IE IL IM IN IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV
LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK
PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TG TH TJ TK TL TM
TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_CODES.split())


class Countries(tuple[str, ...]):
    """Codes as a fact of a refusal: shown by their names in the reader's language."""

    def __str__(self) -> str:
        return ", ".join(self)


_ALIASES = {
    "usa": "US",
    "u.s.": "US",
    "u.s.a.": "US",
    "united states of america": "US",
    "america": "US",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
}


def country_code(text: str) -> str:
    """Return the code of a country that was typed as a code or by its English name; empty where it is none that we know."""
    said = " ".join(text.split())
    return said.upper() if said.upper() in COUNTRIES else _names().get(said.casefold(), "")


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    named = Locale.parse("en").territories
    return {str(named[code]).casefold(): code for code in COUNTRIES if code in named} | _ALIASES
