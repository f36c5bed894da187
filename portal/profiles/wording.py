"""What an event of a profile's history is called."""

from portal.kernel.text import N_

EVENT_NAMES = {
    "profile.opened": N_("Opened"),
    "profile.dropped": N_("Removed with an import that was undone"),
    "profile.edited": N_("Edited"),
    "profile.edited_own": N_("Edited by themself"),
    "profile.moved": N_("Moved"),
    "profile.shown": N_("Shown"),
    "profile.hidden": N_("Hidden"),
    "profile.days_added": N_("Days off added"),
    "profile.days_removed": N_("Days off removed"),
    "profile.ruled_out": N_("Something was ruled out"),
    "profile.does_changed": N_("Changed what they do"),
    "profile.asked": N_("Asked whether it is true"),
    "profile.reminded": N_("Reminded"),
    "profile.answered": N_("Answered whether it is true"),
    "profile.corrected": N_("Title, company or owner corrected"),
    "profile.doubted": N_("Verification pulled forward"),
    "profile.paused": N_("Paused by themself"),
    "profile.unpaused": N_("Pause ended by themself"),
    "profile.removed_self": N_("Took themself out"),
    "profile.link_sent": N_("Link to their own page sent"),
}
