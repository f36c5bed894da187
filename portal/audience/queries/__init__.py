"""Reading audiences: their rules, whom they admit, whom they mean in all, and why."""
