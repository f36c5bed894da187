"""Tests of outbox, worker, mail, inbox and dead letters."""
