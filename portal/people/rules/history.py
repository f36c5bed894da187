"""What an event of a person's or a company's history is called."""

from portal.kernel.text import N_

EVENTS = {
    "person.board_chosen": N_("Chose how to stand on the boards"),
    "badge.given": N_("Was given a badge"),
    "badge.revoked": N_("A badge was taken"),
    "person.added": N_("Added"),
    "person.invited": N_("Invited"),
    "person.joined": N_("Joined"),
    "person.signed_in": N_("Signed in"),
    "person.signed_out": N_("Signed out"),
    "person.signed_out_elsewhere": N_("Signed out everywhere else"),
    "person.edited": N_("Edited"),
    "person.roles_changed": N_("Roles changed"),
    "person.reviewing_changed": N_("Permission to review changed"),
    "person.password_reset_asked": N_("Asked for a new password"),
    "person.password_changed": N_("Password changed"),
    "person.email_change_asked": N_("Asked to change the e-mail address"),
    "person.deactivated": N_("Deactivated"),
    "person.reactivated": N_("Reactivated"),
    "person.tagged": N_("Tagged"),
    "person.untagged": N_("Tag taken off"),
    "person.interests_changed": N_("Changed what they like to do"),
    "person.welcome_put_away": N_("Put the welcome away"),
    "person.welcome_brought_back": N_("Brought the welcome back"),
    "company.added": N_("Added"),
    "company.edited": N_("Edited"),
}
FIELDS = {
    "name": N_("name"),
    "title": N_("job title"),
    "email": N_("e-mail"),
    "company_id": N_("company"),
    "language": N_("language"),
    "time_zone": N_("time zone"),
    "industry": N_("industry"),
    "size": N_("size"),
    "region": N_("region"),
    "country": N_("country"),
    "domain": N_("domain"),
    "owner_id": N_("owner"),
}
