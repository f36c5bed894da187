"""The blueprint of the doors everybody uses, once all of them are hung."""

from portal.challenges.views import answering, lists

bp = lists.bp
parts = (lists, answering)
