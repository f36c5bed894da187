"""The blueprint of the admins' doors, once all of them are hung."""

from portal.recognition.admin import badges, levels, people, seasons

bp = badges.bp
parts = (levels, people, seasons)
