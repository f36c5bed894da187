"""What holds for every decision, whatever is decided: when it is due, whose it is, who may give it, and when it needs a second pair of eyes."""
