"""Dagster wiring: one thin module per asset, its checks beside it."""
