"""The blueprint of the doors everybody uses, once all of them are hung."""

from portal.challenges.views import answering, dismissing, lists

bp = lists.bp
parts = (lists, answering, dismissing)
