"""A small invented history, so that a newcomer sees the whole line work."""
