"""The blueprint of the advocates' doors, once all of them are hung."""

from portal.rewards import code_views, views

bp = views.bp
parts = (views, code_views)
