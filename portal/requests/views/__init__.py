"""The doors of requests: staff's pages, and those behind the links of owners, customers and prospects."""
