"""The blueprints of the room: staff's pages, and the admins'."""

from flask import Blueprint

bp = Blueprint("accounts", __name__)
admin_bp = Blueprint("accounts_admin", __name__, url_prefix="/admin/contacts-seen")
