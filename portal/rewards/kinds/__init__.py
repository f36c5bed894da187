"""The kinds of rewards, one file each, all with the contract of ``contract.py``. A new kind is a new file and its line in ``registry.py``."""
