"""What is refused around challenges, each with its facts and a sentence."""

from portal.kernel.errors import Conflict, NotAllowed, NotFound, Refusal
from portal.kernel.text import N_


class ChallengeNotOpenYet(Refusal):
    """It starts on a later day."""

    message = N_("This challenge opens on %(day)s.")
    status = 409


class ChallengeEnded(Refusal):
    """Its closing day is over."""

    message = N_("This challenge ended on %(day)s, so it takes no more answers. What you sent before is kept.")
    status = 409


class ChallengeClosed(Refusal):
    """An admin closed it, or it was only ever a record."""

    message = N_("This challenge is closed, so it takes no more answers. What you sent before is kept.")
    status = 409


class ChallengePaused(Refusal):
    """An admin paused it. What was begun before goes on."""

    message = N_("This challenge is paused, so nobody can begin it now. What you have begun you can finish and send.")
    status = 409


class SecondAdminMissing(Refusal):
    """The programme publishes with four eyes."""

    message = N_("Here two people publish together: ask for a review first, and let another admin publish it.")
    status = 409


class NotInReview(Conflict):
    """Nobody asked for a review, or somebody has acted on it."""

    message = N_("This draft is not in review any more. Here is how it stands now.")


class NothingToPublish(Conflict):
    """It is live as it stands."""

    message = N_("This is live already, and there are no changes to publish.")


class VersionUnknown(NotFound):
    """The challenge was never published under this number."""


class StagePointsTooMany(Refusal):
    """The parts are more than the whole."""

    message = N_("The steps carry %(parts)s points together, which is more than the %(whole)s of the whole challenge.")
    field = "points"


class NotInAudience(NotFound):
    """It is not meant for this person. Who never began it gets the page that knows of nothing, as for any address that leads nowhere."""

    message = N_("This challenge is not open to you at the moment. What you did before is kept.")


class AllTimesUsed(Refusal):
    """Every slot of this period is taken; ``day`` is when the next begins."""

    message = N_("You have done this as often as it counts for now. You can do it again from %(day)s.")
    status = 409


class AllPlacesTaken(Refusal):
    """It was for the first so many."""

    message = N_("This was for the first %(limit)s, and all places are taken.")
    status = 409


class PrerequisiteMissing(Refusal):
    """Another challenge comes first."""

    message = N_("Please complete “%(title)s” first.")
    status = 409


class PrerequisiteCircle(Refusal):
    """Each would wait for the other."""

    message = N_("“%(title)s” itself needs this challenge first, so nobody could begin either.")
    field = "requires"


class AlreadyTakenPart(Refusal):
    """Every slot is taken and none will come."""

    message = N_("You have already taken part in this challenge as often as it counts.")
    status = 409


class AnswerWaits(Refusal):
    """The last answer has no verdict yet."""

    message = N_("Your answer is with us already. You will hear from us, and can then go on from there.")
    status = 409


class NoAttemptsLeft(Refusal):
    """Declined as often as the challenge allows attempts."""

    message = N_("You have used all %(allowed)s attempts for this challenge.")
    status = 409


class AlreadyApproved(Conflict):
    """The submission is approved and paid; a second approval would pay twice."""

    message = N_("This was already approved and paid. Nothing was paid twice.")


class AlreadyDecided(Conflict):
    """Somebody gave the verdict in the meantime."""

    message = N_("Somebody already decided this answer. Nothing was changed; the verdict is below.")


class SubmissionWithdrawn(Conflict):
    """The advocate took it back."""

    message = N_("The advocate withdrew this, so there is nothing left to decide.")


class NotApproved(Conflict):
    """There is no approval to take back; perhaps somebody took it back already."""

    message = N_("There is no approval to take back. Somebody may have taken it back already.")


class OwnSubmission(NotAllowed):
    """Nobody decides on their own."""

    message = N_("This is your own answer. Please let somebody else decide.")


class ReasonMissing(Refusal):
    """A person who is turned down reads why."""

    message = N_("Please write a reason. The advocate reads it.")
    field = "reason"


class CategoryUnknown(Refusal):
    """No such reason for declining."""

    message = N_("Choose one of the reasons in the list.")
    field = "category"


class PartialPoints(Refusal):
    """All, none, more than was offered, or less than steps were paid at once is no part."""

    message = N_("Please enter between %(least)s and %(most)s points: fewer than were offered, and no fewer than are paid already.")
    field = "points"


class NoPartLeft(Refusal):
    """Nothing lies between what is paid already and what was offered."""

    message = N_("There is no part to choose: of %(offered)s points %(paid)s are paid already.")
    field = "points"


class ChangedElsewhere(Refusal):
    """Saving over what the same person wrote in another window, or on another device, since this page was opened."""

    message = N_("You changed this in another window or on another device meanwhile. What stands here is not saved.")
    status = 409


class StepSettled(Refusal):
    """Sending somebody back to a quiz that is passed, or that has no try left."""

    message = N_("Nothing can be changed in “%(step)s” any more. Choose another step, or any of them.")
    field = "stage_id"


class StepUnknown(Refusal):
    """Sending somebody back to a step that is not there."""

    message = N_("This step does not belong to the challenge any more. Choose another.")
    field = "stage_id"


class MatchGone(Conflict):
    """Nothing stands that was matched by hand."""

    message = N_("Nobody matched this event by hand, or it was taken back already.")


class MatchDecided(Conflict):
    """What was matched by hand is part of an answer that was approved, or that its member sent."""

    message = N_(
        "The answer was sent or approved with this step in it, so the match cannot be taken back now. Open the answer: ask for more, decline it "
        "or take the approval back; then take the match back here."
    )


class MatchPaid(Conflict):
    """The step paid at once."""

    message = N_("Points were paid at once for this step. Correct them by hand on the member’s statement; the match stays.")


class StepDone(Conflict):
    """A step that an event should complete is done, or what it belongs to is over."""

    message = N_("This step waits for no event any more.")


class NothingEntered(Refusal):
    """An answer of nothing cannot be accepted."""

    message = N_("Nothing was entered yet, so there is nothing to accept.")
    status = 409


class AppealGoesToAnother(NotAllowed):
    """Whoever declined does not judge the appeal against it."""

    message = N_("You declined this answer, so somebody else decides on the appeal.")


class NoAppeal(Conflict):
    """Only a decline that stands can be appealed."""

    message = N_("There is no decline to appeal against.")


class AlreadyAppealed(Conflict):
    """Once for each verdict."""

    message = N_("You have appealed against this already. It is looked at once more.")


class AppealDecided(Conflict):
    """Somebody decided on the appeal in the meantime."""

    message = N_("Somebody already decided on this appeal. Nothing was changed.")


class StepMissing(Refusal):
    """A stage has no answer yet."""

    message = N_("Please complete the step “%(step)s” first.")


class NoStages(Refusal):
    """A challenge without a stage gives an advocate nothing to do."""

    message = N_("Add at least one step before you publish.")
    status = 409


class TooManyStages(Refusal):
    """More steps than anybody would finish."""

    message = N_("A challenge has at most %(limit)s steps.")
    status = 409


class WrongDates(Refusal):
    """The closing day lies before the opening day."""

    message = N_("The closing day cannot lie before the opening day.")
    field = "closes_on"


class RecordOnly(Refusal):
    """Made by an import: it holds what happened elsewhere and is never offered."""

    message = N_("This challenge was imported as a record, so it cannot be published. Duplicate it instead.")
    status = 409


class ChallengeChanged(Conflict):
    """It is not in the state in which it was shown."""

    message = N_("Somebody changed this challenge in the meantime. Here is how it stands now.")


class WithdrawalTooLate(Conflict):
    """It has its verdict."""

    message = N_("This has its verdict already, so it can no longer be withdrawn.")


class WhyMissing(Refusal):
    """Putting aside needs one of the reasons."""

    message = N_("Please choose why it is not for you.")
    field = "reason"


class DismissedUnderWay(Conflict):
    """What was begun is withdrawn, not put aside."""

    message = N_("You have begun this. Withdraw it first if it is not for you after all.")


class DismissedAfterDone(Conflict):
    """It is done; there is nothing to put aside."""

    message = N_("You have done this, so there is nothing to put aside.")


class TitleMissing(Refusal):
    """Nobody can choose what has no name."""

    message = N_("Please give this a title.")
    field = "title"


class OutOfRange(Refusal):
    """A number nobody meant."""

    message = N_("Please enter a number between %(least)s and %(most)s.")


class PointsOutOfRange(OutOfRange):
    """Points outside their limits."""

    field = "points"


class MinutesOutOfRange(OutOfRange):
    """Minutes outside their limits."""

    field = "minutes"


class TimesOutOfRange(OutOfRange):
    """Times per period outside their limits."""

    field = "per_period"


class AttemptsOutOfRange(OutOfRange):
    """Attempts outside their limits."""

    field = "max_attempts"


class LimitOutOfRange(OutOfRange):
    """Places outside their limits."""

    field = "total_limit"
