"""Whether an endpoint is on the user's own network, judged by its address alone."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from clawtrain_assets.settings import Endpoint

# Names that public DNS never resolves: RFC 6762, RFC 8375, ICANN's .internal, common usage.
_PRIVATE_SUFFIXES = (".local", ".home.arpa", ".internal", ".lan")


def on_private_network(endpoint: Endpoint) -> bool:
    """True if every host is loopback, a private address or a name without a public domain.

    Nothing is resolved: a public name may point anywhere tomorrow.
    """
    return endpoint.protocol == "embedded" or all(map(_private, endpoint.hosts))


def _private(host: str) -> bool:
    name = (urlsplit(host).hostname or "").lower()
    try:
        return ip_address(name).is_private
    except ValueError:
        return bool(name) and ("." not in name or name.endswith(_PRIVATE_SUFFIXES))
