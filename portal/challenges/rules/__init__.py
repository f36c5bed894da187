"""Pure decisions about challenges, by subject: states, periods, where one stands, what is refused."""
