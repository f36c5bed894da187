"""The lists of requests."""

from enum import StrEnum

from portal.kernel.text import N_


class Tab(StrEnum):
    """One list."""

    MINE = "mine"
    AGREE = "agree"
    UNASSIGNED = "unassigned"
    DECIDE = "decide"
    ACTIVE = "active"
    ALL = "all"


TAB_NAMES = {
    Tab.MINE: N_("Mine"),
    Tab.AGREE: N_("To agree to"),
    Tab.UNASSIGNED: N_("Unassigned"),
    Tab.DECIDE: N_("To decide"),
    Tab.ACTIVE: N_("Active"),
    Tab.ALL: N_("All"),
}
STEP_NAMES = {
    "request.drafted": N_("Draft begun"),
    "request.sent": N_("Sent"),
    "request.handed_to_admins": N_("Admins were asked to find somebody"),
    "request.taken_up": N_("Taken up by an admin"),
    "request.proposed": N_("Somebody proposed, a slot reserved"),
    "request.owner_passed_none": N_("No account owner to ask"),
    "request.owner_passed_self": N_("The requester looks after the account"),
    "request.owner_agreed": N_("The account owner agreed"),
    "request.owner_refused": N_("The account owner said no"),
    "request.remind_owner": N_("The account owner was reminded"),
    "request.escalate": N_("Admins were told that the account owner is silent"),
    "request.customer_asked": N_("The customer was asked"),
    "request.remind_customer": N_("The customer was reminded"),
    "request.accepted": N_("The customer said yes"),
    "request.other_times": N_("The customer offers other times"),
    "request.none_suits": N_("The prospect says that no time suits them; the customer was asked for others"),
    "request.not_needed": N_("The prospect cannot come, or does not need it any more"),
    "request.another_time": N_("Another time was asked for"),
    "request.customer_declined": N_("The customer said no"),
    "request.owner_no_answer": N_("The account owner did not answer, the slot is free again"),
    "request.not_asked": N_("Nobody wrote to the customer in time, the slot is free again"),
    "request.no_answer": N_("No answer, the slot is free again"),
    "request.candidate_taken_back": N_("The proposal was taken back"),
    "request.prospect_set": N_("The prospect’s contact was entered"),
    "request.booked": N_("A time was picked"),
    "request.rebooked": N_("Another time was picked"),
    "request.remind_pick": N_("Who picks the time was reminded"),
    "request.ask_times": N_("The times are over; the customer was asked for new ones"),
    "request.remind_times": N_("The customer was reminded of new times"),
    "request.ask_done": N_("Both sides were asked whether it is done"),
    "request.remind_done": N_("Both sides were reminded to say whether it is done"),
    "request.remind_said": N_("Both sides were reminded to say what happened"),
    "request.tell_silence": N_("Admins were told that nobody says what happened"),
    "request.gave_up_time": N_("Ended: no time was picked"),
    "request.gave_up_done": N_("Ended: nobody said that it was done"),
    "request.outside": N_("Written down: it took place outside the portal"),
    "request.outcome_asked": N_("Both sides were asked what happened"),
    "request.said_by_requester": N_("The requester said what happened"),
    "request.said_by_customer": N_("The customer said what happened"),
    "request.ruled_on": N_("An admin decided what happened"),
    "request.put_right": N_("An admin put right what happened"),
    "request.completed": N_("Completed"),
    "request.missed": N_("Did not happen"),
    "request.declined_request": N_("Nobody was found"),
    "request.cancelled": N_("Cancelled"),
    "request.expired": N_("The day by which it was needed is over"),
    "request.withdrawn": N_("Withdrawn: the deal is lost"),
    "request.deal_won": N_("The deal was won"),
    "request.deal_lost": N_("The deal was lost"),
    "request.deal_corrected": N_("What became of the deal was put right"),
}
"""What the timeline of a request says of each event."""
