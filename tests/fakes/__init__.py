"""The outside world in small: strict, scriptable servers that the real clients talk to."""
