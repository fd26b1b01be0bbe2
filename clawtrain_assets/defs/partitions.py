"""The partitions every daily asset shares, and the settings they come from."""

import dagster as dg

from clawtrain_assets.settings import load_settings

SETTINGS = load_settings()

DAILY = dg.DailyPartitionsDefinition(
    start_date=SETTINGS.start_date.isoformat(), timezone=SETTINGS.timezone
)
