"""Staff's pages about customer companies, and about who sees contact details."""
