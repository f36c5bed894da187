"""The made programme that speed is measured on is as sound as a real one."""
