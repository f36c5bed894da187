"""The tables of nominations, by subject: nominating, joining by link, and the terms that admins set."""
