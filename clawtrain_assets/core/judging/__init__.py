"""Scoring a turn with a local judge: rubric, prompt, verdict, aggregation."""
