"""Human review of a release's random sample."""
