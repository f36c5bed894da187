"""What holds before a version is sent for review or published: words that ask for honesty, points that review sites allow.

Each save holds its own words and points to the same rules; here the whole is held to them once more, since a draft
may be older than a rule or a site's profile.
"""

from sqlalchemy.orm import Session

from portal.challenges.actions.sites import refresh_sites, require_allowed
from portal.challenges.models.offering import ChallengeVersion, Stage
from portal.challenges.rules.wording import require_fair, words_in


def require_fair_version(session: Session, draft: ChallengeVersion, stages: list[Stage]) -> None:
    """Copy the newest site profiles into the reviews of a draft, and refuse unfair words and points that a site does not allow."""
    for text in (draft.title, draft.summary, draft.text):
        require_fair({"": text})
    for stage in stages:
        for text in (stage.title, stage.text, *words_in(own_options(stage))):
            require_fair({"": text})
    refresh_sites(session, stages, draft.points)
    require_allowed(stages, draft.points)


def own_options(stage: Stage) -> dict[str, object]:
    """Return the options of a step without what was copied from a site's profile."""
    return {name: value for name, value in stage.options.items() if name not in COPIED}


COPIED = ("site_name", "hosts", "allowed", "disclosures")
