"""The Dagster instance of CLAWTRAIN_HOME: its configuration, and running it on this machine."""
