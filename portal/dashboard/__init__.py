"""Pages made of many rooms: the homes, the overview, the one approvals queue, the audit log. Owns no table; decides nothing itself."""
