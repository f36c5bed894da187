"""The blueprint of employees' pages and of the page behind a nominee's link, once all doors are hung."""

from portal.references.views import drafting, following, joining, nominating, registry, shared

bp = shared.bp
parts = (nominating, drafting, following, registry, joining)
