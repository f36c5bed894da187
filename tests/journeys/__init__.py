"""The portal in a real browser, with a real server, worker and mail server."""
