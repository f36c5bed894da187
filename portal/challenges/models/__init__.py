"""The tables of challenges, by subject: what is offered, taking part, deciding, proof outside, templates, the gallery."""
