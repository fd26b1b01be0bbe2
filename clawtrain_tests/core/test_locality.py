import pytest

from clawtrain_assets.core.endpoints.locality import on_private_network
from clawtrain_assets.settings import Endpoint


@pytest.mark.parametrize(
    "host",
    [
        "http://127.0.0.1:11434",
        "http://192.168.11.150:11434",
        "http://10.1.2.3",
        "http://[::1]:8080",
        "http://spark:11434",
        "http://spark.local:11434",
        "http://spark.home.arpa",
    ],
)
def test_addresses_of_the_own_network_are_private(host: str) -> None:
    assert on_private_network(Endpoint(model="m", hosts=(host,)))


@pytest.mark.parametrize(
    "host",
    ["https://api.example.com", "http://8.8.8.8:11434", "http://local.example.org", "nonsense"],
)
def test_everything_else_is_public(host: str) -> None:
    assert not on_private_network(Endpoint(model="m", hosts=(host,)))


def test_one_public_host_makes_the_endpoint_public() -> None:
    hosts = ("http://127.0.0.1:11434", "https://api.example.com")
    assert not on_private_network(Endpoint(model="m", hosts=hosts))


def test_the_embedded_model_never_leaves_the_process() -> None:
    assert on_private_network(Endpoint(model="m", protocol="embedded", hosts=()))
