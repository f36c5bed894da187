"""The record of acts of advocacy, which every paying room writes, and the record of asks: one goodwill budget a person and a company."""
