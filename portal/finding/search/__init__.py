"""Text search behind one port: what is asked the same way of both engines, and answered with the same people."""
