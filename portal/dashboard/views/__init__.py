"""The pages: homes and overview, approvals, audit log. ``doors`` puts them together."""
