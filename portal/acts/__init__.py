"""The record of acts of advocacy: what was done, by whom, when, and what it was worth. Every paying room writes here; analytics reads."""
