"""The audit log in sentences. Each event that a room records has one here; a test holds the two together.

``%(who)s`` acts, ``%(what)s`` is what it was done to; other names come from what the event recorded.
"""

from collections.abc import Mapping
from typing import Any

from portal.kernel.text import N_

SUBJECTS: dict[str, str] = {
    "person": N_("People"),
    "company": N_("Companies"),
    "challenge": N_("Challenges"),
    "submission": N_("Submissions"),
    "act": N_("Acts"),
    "reward": N_("Rewards"),
    "redemption": N_("Redemptions"),
    "nomination": N_("Nominations"),
    "badge": N_("Badges"),
    "level": N_("Levels"),
    "season": N_("Seasons"),
    "file": N_("Files"),
    "import": N_("Imports"),
    "job": N_("Jobs"),
    "rule": N_("Rules"),
    "review": N_("Reviewing"),
    "audience": N_("Audiences"),
    "tag": N_("Tags"),
}

EVENTS: dict[str, str] = {
    "act.recorded": N_("%(what)s was recorded, worth %(points)s"),
    "act.reversed": N_("%(what)s was taken back"),
    "audience.changes_dropped": N_("%(who)s dropped the changes to who sees %(what)s before they went live"),
    "audience.copied": N_("%(who)s copied who sees another challenge to %(what)s"),
    "audience.made": N_("%(who)s began to choose who sees %(what)s"),
    "audience.mode_changed": N_("%(who)s changed how the rules for %(what)s go together"),
    "audience.put_live": N_("%(who)s put the changes to who sees %(what)s live"),
    "audience.rule_added": N_("%(who)s added a rule for who sees %(what)s"),
    "audience.rule_changed": N_("%(who)s changed a rule for who sees %(what)s"),
    "audience.rule_removed": N_("%(who)s removed a rule for who sees %(what)s"),
    "badge.added": N_("%(who)s drafted the badge %(what)s"),
    "badge.edited": N_("%(who)s edited the badge %(what)s"),
    "badge.given": N_("%(who)s gave %(what)s the badge “%(badge)s”: %(reason)s"),
    "badge.published": N_("%(who)s switched the badge %(what)s on"),
    "badge.retired": N_("%(who)s retired the badge %(what)s"),
    "badge.revoked": N_("%(who)s took the badge “%(badge)s” from %(what)s: %(reason)s"),
    "challenge.archived": N_("%(who)s archived the challenge %(what)s"),
    "challenge.closed": N_("%(who)s closed the challenge %(what)s"),
    "challenge.created": N_("%(who)s wrote the challenge %(what)s"),
    "challenge.dismissed": N_("%(who)s put the challenge %(what)s aside"),
    "challenge.edited": N_("%(who)s edited the challenge %(what)s"),
    "challenge.paused": N_("%(who)s paused the challenge %(what)s"),
    "challenge.prerequisite_added": N_("%(who)s let “%(title)s” be done before the challenge %(what)s"),
    "challenge.prerequisite_removed": N_("%(who)s no longer lets “%(title)s” be done before the challenge %(what)s"),
    "challenge.published": N_("%(who)s published the challenge %(what)s"),
    "challenge.recalled": N_("%(who)s took the challenge %(what)s up again after putting it aside"),
    "challenge.reopened": N_("%(who)s opened the challenge %(what)s again"),
    "challenge.review_asked": N_("%(who)s asked for a review of the challenge %(what)s"),
    "challenge.sent_back": N_("%(who)s sent the draft of the challenge %(what)s back: %(reason)s"),
    "company.added": N_("%(who)s added the company %(what)s"),
    "company.edited": N_("%(who)s edited the company %(what)s"),
    "company.removed": N_("%(who)s removed the company %(company)s"),
    "file.erased": N_("%(who)s erased %(what)s"),
    "file.stored": N_("%(who)s uploaded %(what)s (%(filename)s)"),
    "import.dropped": N_("%(who)s dropped %(what)s (%(filename)s) before it began"),
    "import.started": N_("%(who)s started %(what)s (%(filename)s)"),
    "import.undo_started": N_("%(who)s began to undo %(what)s (%(filename)s)"),
    "import.undone": N_("%(who)s undid %(what)s"),
    "import.uploaded": N_("%(who)s uploaded %(what)s (%(filename)s)"),
    "job.retried": N_("%(who)s sent %(what)s again"),
    "jobs.retried": N_("%(who)s sent %(jobs)s failed jobs again"),
    "levels.changed": N_("%(who)s changed the levels; there are %(number)s now"),
    "nomination.accepted": N_("%(who)s accepted the nomination of %(what)s"),
    "nomination.declined": N_("%(who)s declined the nomination of %(what)s: %(reason)s"),
    "nomination.marked_duplicate": N_("%(who)s marked the nomination of %(what)s as a duplicate"),
    "nomination.repeated": N_("%(who)s nominated %(what)s, who was nominated before"),
    "nomination.submitted": N_("%(who)s nominated %(what)s"),
    "person.added": N_("%(who)s added %(what)s"),
    "person.board_chosen": N_("%(what)s chose how to stand on the boards"),
    "person.deactivated": N_("%(who)s deactivated %(what)s: %(reason)s"),
    "person.edited": N_("%(who)s edited %(what)s"),
    "person.email_change_asked": N_("%(who)s asked to change the e-mail address of %(what)s"),
    "person.email_changed": N_("%(what)s has a new e-mail address"),
    "person.interests_changed": N_("%(what)s changed what they like to do"),
    "person.invited": N_("%(who)s invited %(what)s"),
    "person.joined": N_("%(what)s joined"),
    "person.password_changed": N_("%(what)s has a new password"),
    "person.password_reset_asked": N_("A new password was asked for %(what)s"),
    "person.reactivated": N_("%(who)s reactivated %(what)s"),
    "person.reviewing_changed": N_("%(who)s changed what %(what)s may review"),
    "person.roles_changed": N_("%(who)s changed the roles of %(what)s"),
    "person.signed_in": N_("%(what)s signed in"),
    "person.signed_out": N_("%(what)s signed out"),
    "person.signed_out_elsewhere": N_("%(what)s signed out everywhere else"),
    "person.tagged": N_("%(who)s tagged %(what)s “%(tag)s”"),
    "person.untagged": N_("%(who)s took the tag “%(tag)s” off %(what)s"),
    "points.adjusted": N_("%(who)s changed the points of %(what)s by %(points)s"),
    "redemption.approved": N_("%(who)s approved %(what)s"),
    "redemption.cancelled": N_("%(who)s cancelled %(what)s"),
    "redemption.declined": N_("%(who)s declined %(what)s: %(reason)s"),
    "redemption.fulfilled": N_("%(who)s fulfilled %(what)s"),
    "redemption.returned": N_("%(who)s took %(what)s back: %(reason)s"),
    "review.assigned": N_("%(who)s gave %(what)s to a reviewer"),
    "review.first_approved": N_("%(who)s gave the first of two approvals for %(what)s, worth %(points)s"),
    "review.freed": N_("%(who)s left %(what)s to whoever takes it"),
    "review.taken": N_("%(who)s took %(what)s to decide on"),
    "review.terms_changed": N_("%(who)s changed the terms of reviewing"),
    "reward.added": N_("%(who)s added the reward %(what)s"),
    "reward.changed": N_("%(who)s edited the reward %(what)s"),
    "reward.published": N_("%(who)s published the reward %(what)s"),
    "reward.redeemed": N_("%(who)s redeemed “%(reward)s” for %(price)s points"),
    "reward.retired": N_("%(who)s took the reward %(what)s off the shelf"),
    "reward.stock_adjusted": N_("%(who)s changed the stock of %(what)s by %(change)s to %(stock)s"),
    "reward.stock_counted": N_("%(who)s set the stock of %(what)s to %(stock)s"),
    "reward.stock_uncounted": N_("%(who)s took the limit off the stock of %(what)s"),
    "season.added": N_("%(who)s added the season %(what)s"),
    "season.closed": N_("The season %(what)s closed with %(members)s people on its board"),
    "season.edited": N_("%(who)s edited the season %(what)s"),
    "stage.added": N_("%(who)s added the step “%(title)s” to the challenge %(what)s"),
    "stage.edited": N_("%(who)s edited the step “%(title)s” of the challenge %(what)s"),
    "stage.moved": N_("%(who)s moved a step of the challenge %(what)s to place %(position)s"),
    "stage.removed": N_("%(who)s removed the step “%(title)s” from the challenge %(what)s"),
    "rule.made": N_("%(who)s made the rule %(what)s for approving by itself"),
    "rule.removed": N_("%(who)s removed the rule %(what)s for approving by itself"),
    "rule.switched_off": N_("%(who)s switched the rule %(what)s off"),
    "rule.switched_on": N_("%(who)s switched the rule %(what)s on"),
    "submission.accepted_early": N_("%(who)s accepted %(what)s with steps unfinished"),
    "submission.appealed": N_("%(who)s appealed against the decline of %(what)s"),
    "submission.approved": N_("%(who)s approved %(what)s and paid %(points)s"),
    "submission.declined": N_("%(who)s declined %(what)s: %(reason)s"),
    "submission.feedback": N_("%(who)s gave feedback on %(what)s: %(reason)s"),
    "submission.more_wanted": N_("%(who)s asked for more on %(what)s: %(reason)s"),
    "submission.recalled": N_("%(who)s undid a verdict on %(what)s"),
    "submission.reversed": N_("%(who)s took back the approval of %(what)s: %(reason)s"),
    "submission.saved": N_("%(who)s worked on %(what)s"),
    "submission.sent": N_("%(who)s sent %(what)s for approval"),
    "submission.stage_paid": N_("%(what)s: the step “%(title)s” paid %(points)s at once"),
    "submission.started": N_("%(who)s began %(what)s"),
    "submission.undone": N_("The import of %(what)s was undone"),
    "submission.upheld": N_("%(who)s declined the appeal against %(what)s: %(reason)s"),
    "submission.withdrawn": N_("%(who)s withdrew %(what)s"),
    "tag.given": N_("%(who)s tagged %(people)s people “%(tag)s”"),
    "tag.taken": N_("%(who)s took the tag “%(tag)s” off %(people)s people"),
}
# Whoever starts an import did not do what stands in its rows.
IMPORTED: dict[str, str] = {
    "submission.approved": N_("%(who)s imported %(what)s as approved and paid %(points)s"),
    "submission.declined": N_("%(who)s imported %(what)s as declined"),
    "submission.sent": N_("%(who)s imported an answer to %(what)s"),
    "submission.started": N_("%(who)s imported %(what)s"),
}
PORTAL = N_("The portal")
NUMBERED = {
    "submission": N_("submission %(number)s"),
    "act": N_("act %(number)s"),
    "redemption": N_("redemption %(number)s"),
    "file": N_("file %(number)s"),
    "import": N_("import %(number)s"),
    "job": N_("job %(number)s"),
    "rule": N_("rule %(number)s"),
    "review": N_("reviewing"),
    "audience": N_("audience %(number)s"),
}
UNKNOWN = N_("%(who)s: %(event)s, %(what)s")


class Facts(dict[str, Any]):
    """What a sentence is filled from; a fact that an old event did not record is a dash, so that the log can always be read."""

    def __missing__(self, key: str) -> str:
        return "–"


def sentence_for(event: str, origin: str) -> str:
    """Return the sentence of an event, untranslated."""
    return (IMPORTED.get(event) if origin == "import" else None) or EVENTS.get(event, UNKNOWN)


def facts_of(who: str, what: str, event: str, data: Mapping[str, Any]) -> Facts:
    """Return what the sentence of an event is filled from."""
    plain = {name: value for name, value in data.items() if isinstance(value, str | int)}
    return Facts(plain | {"who": who, "what": what, "event": event})
