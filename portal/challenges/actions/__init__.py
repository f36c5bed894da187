"""What changes challenges and submissions, by subject: editing, answering, review, recording what happened elsewhere."""
