"""Pure rules of receiving, one file a subject: what somebody may accept, suggestions by domain, thresholds, the value of a reward."""
