"""The tables of the shop, by subject: what is offered, what was redeemed, who waits, how stock moved, cards."""
