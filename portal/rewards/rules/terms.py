"""What is agreed to before a reward is redeemed, and which wording it was."""

from hashlib import sha256

from portal.rewards.rules.refusals.redeeming import TermsChanged, TermsNotAccepted


def version_of(terms: str) -> str:
    """Return what tells one wording from another; empty where there are no terms."""
    return sha256(terms.strip().encode()).hexdigest() if terms.strip() else ""


def require_agreed(terms: str, *, agrees: bool, shown: str) -> str:
    """Return the version that was agreed to, empty where nothing is to be. Refuses: TermsNotAccepted, TermsChanged."""
    version = version_of(terms)
    if version and shown != version:
        raise TermsChanged()
    if version and not agrees:
        raise TermsNotAccepted()
    return version
