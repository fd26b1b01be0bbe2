"""Every answer a model gave, durable before it is used, so that nothing is asked twice."""

from clawtrain_assets.core.journal.journal import Journal
from clawtrain_assets.core.journal.store import Answer, Key

__all__ = ["Answer", "Journal", "Key"]
