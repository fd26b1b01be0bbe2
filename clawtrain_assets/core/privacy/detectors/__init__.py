"""One module per layer; each says what it finds and where its rules come from."""

from collections.abc import Callable

from clawtrain_assets.core.privacy.detectors.accounts import AccountDetector
from clawtrain_assets.core.privacy.detectors.addresses import AddressDetector
from clawtrain_assets.core.privacy.detectors.assignments import AssignmentDetector
from clawtrain_assets.core.privacy.detectors.codes import CodeDetector
from clawtrain_assets.core.privacy.detectors.contact import ContactDetector
from clawtrain_assets.core.privacy.detectors.credentials import CredentialDetector
from clawtrain_assets.core.privacy.detectors.decoded import DecodedDetector
from clawtrain_assets.core.privacy.detectors.entropy import EntropyDetector
from clawtrain_assets.core.privacy.detectors.hosts import HostDetector
from clawtrain_assets.core.privacy.detectors.identifiers import IdentifierDetector
from clawtrain_assets.core.privacy.detectors.loginfields import LoginFieldDetector
from clawtrain_assets.core.privacy.detectors.logins import LoginDetector
from clawtrain_assets.core.privacy.detectors.messengers import MessengerDetector
from clawtrain_assets.core.privacy.detectors.names import NameListDetector
from clawtrain_assets.core.privacy.detectors.network import NetworkDetector
from clawtrain_assets.core.privacy.detectors.pem import PemDetector
from clawtrain_assets.core.privacy.detectors.people import PeopleDetector
from clawtrain_assets.core.privacy.detectors.prose import ProsePasswordDetector
from clawtrain_assets.core.privacy.detectors.services import ServiceKeyDetector
from clawtrain_assets.core.privacy.detectors.tenants import TenantDetector
from clawtrain_assets.core.privacy.detectors.typed import TypedDetector
from clawtrain_assets.core.privacy.detectors.vendor import VendorDetector
from clawtrain_assets.core.privacy.detectors.wireless import WirelessDetector
from clawtrain_assets.core.privacy.finding import Detector, Together

DETECTORS: dict[str, Callable[[], Detector]] = {
    "vendor": VendorDetector,
    "pem": PemDetector,
    "credentials": lambda: Together(CredentialDetector(), DecodedDetector()),
    "assignments": AssignmentDetector,
    "services": ServiceKeyDetector,
    "prose": lambda: Together(ProsePasswordDetector(), CodeDetector(), TypedDetector()),
    "entropy": EntropyDetector,
    "contact": ContactDetector,
    "network": lambda: Together(NetworkDetector(), HostDetector()),
    "accounts": lambda: Together(
        AccountDetector(),
        LoginFieldDetector(),
        LoginDetector(),
        MessengerDetector(),
        WirelessDetector(),
    ),
    "tenants": TenantDetector,
    "identifiers": IdentifierDetector,
    "people": PeopleDetector,
    "addresses": AddressDetector,
    "names": NameListDetector,
}
