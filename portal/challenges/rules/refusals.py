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


class NotInAudience(NotFound):
    """It is not meant for this person. Who never began it gets the page that knows of nothing, as for any address that leads nowhere."""

    message = N_("This challenge is not open to you at the moment. What you did before is kept.")


class AllTimesUsed(Refusal):
    """Every slot of this period is taken; ``day`` is when the next begins."""

    message = N_("You have done this as often as it counts for now. You can do it again from %(day)s.")
    status = 409


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
