"""Dagster wiring: one thin module per asset, its checks beside it."""

import warnings

import dagster as dg

# A user can do nothing about our choice of beta parameters; the version pin guards them.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
