"""Forms of challenges: what advocates fill in, what admins fill in."""
