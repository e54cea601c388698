"""Models compared with charted courses and with published values."""
