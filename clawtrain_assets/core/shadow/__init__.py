"""Replaying a reference model's turns through a candidate and measuring the gap."""
