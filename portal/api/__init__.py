"""The doors for other systems: tokens, and JSON in and out under ``/api/v1``. Thin: what happens is done by the rooms' own actions."""
