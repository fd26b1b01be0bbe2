"""Turns an OpenClaw agent's real work into training data you can trust."""
