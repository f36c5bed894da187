"""The blueprint of the doors everybody uses, once all of them are hung."""

from portal.people.views import links, profile, sign_in, welcome

bp = sign_in.bp
parts = (sign_in, links, profile, welcome)
