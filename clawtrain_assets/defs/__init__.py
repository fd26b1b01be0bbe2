"""Dagster wiring: one thin module per asset, its checks beside it."""

import warnings

import dagster as dg

# A user can do nothing about our choice of beta parameters; the version pin guards them.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
# The nightly job runs one day at a time, so it does not matter that raw_turns could take many.
warnings.filterwarnings("ignore", message="Asset job .* varying BackfillPolicies")
