"""Issuers' formats with random bodies, and what looks like them and stays."""

import base64
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clawtrain_tests.core.privacy.plain import scrub

from .strategies import ALNUM, generated

HEX = "0123456789abcdef"
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits


uuids = st.uuids().map(str)
VENDORS: dict[str, st.SearchStrategy[str]] = {
    "adafruit": generated(28, ALNUM).map("aio_{}".format),
    "nuget": generated(43, LOWER).map("oy2{}".format),
    "dependency track": generated(32, ALNUM).map("odt_{}".format),
    "terraform": st.tuples(generated(14), generated(67)).map(".atlasv1.".join),
    "azure devops": st.tuples(generated(76), generated(4)).map("AZDO".join),
    "maxmind": st.tuples(generated(6), generated(29)).map(lambda p: f"{p[0]}_{p[1]}_mmk"),
    "mailchimp": generated(32, HEX).map("{}-us13".format),
    "new relic": generated(36, HEX).map("{}NRAL".format),
    "zoho": st.tuples(generated(32, HEX), generated(32, HEX)).map(lambda p: f"1000.{p[0]}.{p[1]}"),
    "voiceflow": st.tuples(generated(24, HEX), generated(16)).map(lambda p: f"VF.DM.{p[0]}.{p[1]}"),
    "salesforce": st.tuples(generated(12), generated(90)).map(lambda p: f"00D{p[0]}!{p[1]}"),
    "octopus": generated(26, UPPER).map("API-{}".format),
    "telegram": st.tuples(generated(9, string.digits).map("4{}".format), generated(35)).map(
        ":".join
    ),
    "pubnub": uuids.map("pub-c-{}".format),
}


@pytest.mark.parametrize("vendor", VENDORS)
@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_vendors_token_is_found_without_any_context(vendor: str, data: st.DataObject) -> None:
    token = data.draw(VENDORS[vendor])
    assert token not in scrub(f"I saw {token} there")


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["postmark", "CLOUDFLARE", "wandb", "newsapi", "openweathermap", "vultr"]),
    st.one_of(generated(32, HEX), generated(40, HEX), uuids, generated(24)),
    st.sampled_from(["{}: {}", '{} = "{}"', "{} {}", "{}_token={}", "{} api key {}", "<{}>{}"]),
)
def test_a_generated_value_beside_its_services_name_goes(
    service: str, value: str, form: str
) -> None:
    assert value not in scrub(form.format(service, value))


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["client_id", "TENANT_ID", "accountId", "org-id", "applicationId"]),
    st.one_of(uuids, generated(20), generated(12, string.digits)),
    st.sampled_from(["{}={}", '"{}": "{}"', "{}: {}"]),
)
def test_the_ids_of_an_account_go(name: str, value: str, form: str) -> None:
    assert value not in scrub(form.format(name, value))


@settings(max_examples=40, deadline=None)
@given(
    st.text(string.ascii_lowercase, min_size=6, max_size=14),
    st.sampled_from(["okta.com", "atlassian.net", "myshopify.com", "openai.azure.com", "jfrog.io"]),
)
def test_a_customers_label_goes_and_the_services_name_stays(label: str, service: str) -> None:
    clean = scrub(f"open https://{label}x7.{service}/path")
    assert f"{label}x7" not in clean
    assert clean.endswith(f".{service}/path")


@settings(max_examples=30, deadline=None)
@given(st.lists(generated(9), min_size=1, max_size=4, unique=True))
@example(["jrG48KUbI"])  # "anJHNDhLVWJJ" in base64, which begins like a sentence
def test_a_kubernetes_secret_keeps_its_shape_and_none_of_its_values(values: list[str]) -> None:
    encoded = [base64.b64encode(value.encode()).decode() for value in values]
    data = "\n".join(f"  entry{number}: {value}" for number, value in enumerate(encoded))
    manifest = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n{data}\ntype: Opaque\n"
    clean = scrub(manifest)
    assert not any(value in clean for value in encoded)
    assert clean.startswith(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  entry0: "
    )
    assert clean.endswith("type: Opaque\n")


@settings(max_examples=30, deadline=None)
@given(generated(32))
def test_a_generated_password_below_its_announcement_goes(password: str) -> None:
    text = f"Please use the following password to proceed to installation:\n\n{password}\n\nDone"
    assert password not in scrub(text)


@pytest.mark.parametrize(
    "text",
    [
        "see https://docs.okta.com/x, https://developer.atlassian.net and www.jfrog.io",
        "Microsoft.VisualStudio.Component.VC",
        "# public key: age1epzmwwzw8n09slh0c7z1z52x43nnga7lkksx3qrh07tqz5v7lcys45428t",
        "sourcegraph commit 61fb9d375531b14a7631ade402bcc20cdbb02540",
        "wandb version 0.18.7 and pendo@2.1.0",
        "arn:aws:iam::123456789012:user/Alice",
        'client_id: "your-client-id"',
        "export GITHUB_TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "SLACK_TOKEN=xoxb-0000000000-xxxxxxxxxxxx",
        "trace id c5f11412-9bcf-4f48-a03a-f44c7962c46a, sha256:" + "3b9d0c7e" * 8,
        "kind: ConfigMap\ndata:\n  mode: production\n",
        "released on 02/13/2019, again on 03-30-2011",
        "https://user:password@proxy.example.com:8080/",
        "test case no. 12/50 failed, step 1024/2048, application no. 2 of 64",
        "fixes issue no. 4711, pull request 1234, release 2024/11, at 24-md-400 px",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert scrub(text) == text


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1000, 99_999), st.integers(60, 99)).map("{0[0]}/{0[1]}".format),
        min_size=3,
        max_size=5,
        unique=True,
    ),
    st.sampled_from(
        ["an application (no. {})", "case no. {}", "Beschwerde Nr. {}", "requête n° {}"]
    ),
)
def test_numbers_of_court_cases_go(numbers: list[str], form: str) -> None:
    several = f"{', '.join(numbers[1:-1])} and {numbers[-1]}"
    clean = scrub(f"{form.format(numbers[0])}, and applications nos. {several}.")
    assert not [number for number in numbers if number in clean]


@pytest.mark.parametrize(
    "number",
    ["1:24-cv-{0}-ABC", "3:19-cr-{0}", "Az. 12 O {0}/19", "Aktenzeichen: VI ZR {0}/20"],
)
@given(serial=st.integers(10_000, 99_999))
def test_dockets_and_file_numbers_go(number: str, serial: int) -> None:
    assert str(serial) not in scrub(f"see {number.format(serial)} for it")
