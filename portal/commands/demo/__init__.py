"""The demo programme: an invented company, its customers, and a year of what they did, built through the real actions.

``programme.toml`` holds the content, ``story.py`` the clock, the other files one subject each.
The same seed and the same moment give the same year.
"""
