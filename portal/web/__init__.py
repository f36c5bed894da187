"""Flask glue without a feature: transaction, guards, security, forms, paging, templates."""
