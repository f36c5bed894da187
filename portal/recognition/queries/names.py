"""How people are called on boards: by their nickname if they chose one, and then without their company, which might give them away.

So they are also left out of what is told of a company, its board and its sum: whoever knows the colleagues could subtract them.
"""

from sqlalchemy import case, func

from portal.people.models import Company, Person

BY_NAME = Person.board_name.is_(None)
"""Who stands there by name: the only ones who are told of as people of their company."""
SHOWN_NAME = func.coalesce(Person.board_name, Person.name).label("member")
SHOWN_COMPANY = case((BY_NAME, Company.name)).label("company")
BEHIND = case((Person.board_name.is_not(None), Person.name)).label("behind")
"""The name behind a nickname, which only admins are shown."""
