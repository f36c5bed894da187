"""What is decided about rewards and redemptions, one file a subject: kinds, states, refusals, reach, limits, redeeming."""
