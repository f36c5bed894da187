"""The doors of the people who run the programme: people, invitations, companies."""
