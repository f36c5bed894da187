"""How people are called on boards: by their nickname if they chose one, and then without their company, which might give them away.

So they are also left out of what is told of a company, its board and its sum: whoever knows the colleagues could subtract them.
"""

from typing import Any

from sqlalchemy import and_, case, func

from portal.people.models import Company, Person
from portal.people.rules.person import PersonState

_PERSON: Any = Person.__table__
LISTED = and_(~_PERSON.c.is_employee, ~_PERSON.c.is_admin, _PERSON.c.state != PersonState.DEACTIVATED, _PERSON.c.left_board_at.is_(None))
"""Who stands on boards: no staff, nobody deactivated, nobody who chose not to.

Read wherever a score is written or counted anew, and where a standing is shown.
"""

BY_NAME = Person.board_name.is_(None)
"""Who stands there by name: the only ones who are told of as people of their company."""
COUNTED_FOR = case((_PERSON.c.board_name.is_(None), _PERSON.c.company_id))
"""The company somebody's scores count for. A nickname would be given away by the sum."""
SHOWN_NAME = func.coalesce(Person.board_name, Person.name).label("member")
SHOWN_COMPANY = case((BY_NAME, Company.name)).label("company")
BEHIND = case((Person.board_name.is_not(None), Person.name)).label("behind")
"""The name behind a nickname, which only admins are shown."""
