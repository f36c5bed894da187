"""Pure decisions of nominations, by subject: states and moves, nominating, deciding, joining by link, credit, approving by rule."""
