"""The kinds of rule there are, in the order in which an admin is offered them."""

from portal.recognition.badges.acts import NumberOfActs
from portal.recognition.badges.by_hand import ByHand
from portal.recognition.badges.challenge import ChallengeDone
from portal.recognition.badges.contract import Rule
from portal.recognition.badges.every_track import EveryTrack
from portal.recognition.badges.first import FirstToDo
from portal.recognition.badges.level import LevelReached
from portal.recognition.badges.streak import WeeksInARow
from portal.recognition.badges.track import ActsInTrack

RULES: dict[str, Rule] = {
    rule.kind: rule for rule in (NumberOfActs(), ActsInTrack(), EveryTrack(), ChallengeDone(), LevelReached(), FirstToDo(), WeeksInARow(), ByHand())
}


def rule_of(kind: str) -> Rule:
    """Return the rule of a kind. An unknown one is a programming error: forms offer only those there are."""
    return RULES[kind]
