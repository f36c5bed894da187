"""Who makes gift cards for us: the contract, and an adapter over HTTP."""
