"""The domain in plain, typed Python. Nothing below here imports Dagster."""
