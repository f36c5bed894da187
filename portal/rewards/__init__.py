"""Rewards: the catalogue, its stock, and what people redeem, from asking to fulfilment or back."""
