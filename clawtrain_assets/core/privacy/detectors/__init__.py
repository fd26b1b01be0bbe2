"""One module per layer; each says what it finds and where its rules come from."""

from collections.abc import Callable

from clawtrain_assets.core.privacy.detectors.vendor import VendorDetector
from clawtrain_assets.core.privacy.finding import Detector

DETECTORS: dict[str, Callable[[], Detector]] = {
    "vendor": VendorDetector,
}
