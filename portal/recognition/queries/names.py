"""How people are called on boards: by their nickname if they chose one, and then without their company, which might give them away."""

from sqlalchemy import case, func

from portal.people.models import Company, Person

SHOWN_NAME = func.coalesce(Person.board_name, Person.name).label("member")
SHOWN_COMPANY = case((Person.board_name.is_(None), Company.name)).label("company")
BEHIND = case((Person.board_name.is_not(None), Person.name)).label("behind")
"""The name behind a nickname, which only admins are shown."""
