"""Our templates as data: one TOML file each, in a folder for its language. ``reading.py`` reads them; their shape is in ``rules/templates.py``."""
