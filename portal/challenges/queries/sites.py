"""Review sites as this organisation knows them: what the product says, and what was edited or checked here."""

from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.models.proof import ReviewSite
from portal.challenges.rules.sites import Site, SiteFacts, SiteUnknown, built_in
from portal.challenges.rules.states import ChallengeState

REVIEW = "review"


def list_sites(session: Session) -> list[Site]:
    """Return every site, the product's in their order first, then the organisation's own by name."""
    edited = {row.key: row for row in session.scalars(select(ReviewSite))}
    known = [_site(edited.get(key), site) for key, site in built_in().items()]
    own = [_site(row, None) for key, row in edited.items() if key not in built_in() and row.removed_at is None]
    return [site for site in known if site] + sorted((site for site in own if site), key=lambda site: site.facts.name.casefold())


def get_site(session: Session, key: str) -> Site:
    """Return one site. Raises ``SiteUnknown``, for a removed one too."""
    # A key is of plain letters: what is not, PostgreSQL could not even be asked for.
    row = session.scalar(select(ReviewSite).where(ReviewSite.key == key)) if key.isprintable() else None
    found = _site(row, built_in().get(key))
    if found is None or (row is not None and row.removed_at is not None):
        raise SiteUnknown()
    return found


def _site(row: ReviewSite | None, known: Site | None) -> Site | None:
    """Return what holds: own words before the product's; the later of two days on which somebody looked, while the words are the product's."""
    if row is None:
        return known
    if row.facts is not None:
        return Site(row.key, SiteFacts.of(row.facts), row.version, row.checked_on, is_built_in=known is not None, is_edited=True)
    if known is None:
        return None
    checked = [day for day in (known.checked_on, row.checked_on) if day is not None]
    return Site(row.key, known.facts, row.version, max(checked, default=None))


def challenges_by_site(session: Session) -> Mapping[str, int]:
    """Return how many challenges that can be answered now ask for a review on each site."""
    here = (Stage.kind == REVIEW, Stage.removed_at.is_(None), Challenge.version == Stage.version)
    live = Challenge.state.in_((ChallengeState.LIVE, ChallengeState.PAUSED))
    key = Stage.options["site"].as_string()
    counted = select(key.label("site"), func.count(Challenge.id.distinct()).label("number")).select_from(Stage)
    rows = session.execute(counted.join(Challenge, Challenge.id == Stage.challenge_id).where(*here, live).group_by(key))
    return {row.site: row.number for row in rows}


def sites_of(session: Session, stages: Collection[Stage]) -> dict[int, Site]:
    """Return, by id of the step, the site as it is known now, for those of ``stages`` that are reviews on one that is still known."""
    asking = {stage.id: stage.options.get("site") for stage in stages if stage.kind == REVIEW}
    if not asking:
        return {}
    known = {site.key: site for site in list_sites(session)}
    return {stage_id: known[key] for stage_id, key in asking.items() if key in known}
