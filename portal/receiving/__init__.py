"""Who may receive rewards, and what people received in money: their own rules and their companies', values of a year, tax forms."""
