"""The blueprint of the admins' doors, once all of them are hung."""

from portal.people.admin import companies, invites, people

bp = people.bp
parts = (people, invites, companies)
