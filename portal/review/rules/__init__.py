"""Pure decisions about reviewing, by subject: due times, the terms that admins set, refusals."""
