"""Whose account it is: customer names in services' host names, account and client ids.

A service's own hosts say nothing (``docs.okta.com``); the label that a customer chose
(``acme.okta.com``) names an employer, and an account's number is as good as a name. The suffixes
are those the services document for their customers' instances, and of dynamic DNS for homes.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.randomness import is_placeholder, looks_random
from clawtrain_assets.core.privacy.wordlists import words

_SUFFIXES = words(
    ".okta.com .oktapreview.com .auth0.com .onelogin.com .jfrog.io .atlassian.net "
    ".myshopify.com .my.salesforce.com .lightning.force.com .zendesk.com .freshdesk.com "
    ".service-now.com .bamboohr.com .myworkday.com .tines.com .onmicrosoft.com .sharepoint.com "
    ".visualstudio.com .azurewebsites.net .openai.azure.com .cognitiveservices.azure.com "
    ".azconfig.io .azure-devices.net .vault.azure.net .azurecr.io .azuredatabricks.net "
    ".core.windows.net .database.windows.net .search.windows.net .servicebus.windows.net "
    ".cloud.databricks.com .snowflakecomputing.com .mongodb.net .supabase.co .firebaseio.com "
    ".upstash.io .rds.amazonaws.com .s3.amazonaws.com .ngrok.io .ngrok-free.app "
    ".trycloudflare.com .duckdns.org .ddns.net .hopto.org .no-ip.org .dynu.net .synology.me "
    ".myfritz.net .nabu.casa .dyndns.org .db.ondigitalocean.com"
)
_REGIONAL_BUCKET = ".s3-", ".s3."
_S3 = re.compile(r"\.s3[.-](?:dualstack\.)?[a-z]{2}-[a-z]+-\d\.amazonaws\.com", re.I)
_HOST_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
_OWN_HOSTS = frozenset(
    words(
        "www api app docs doc help support status login developer developers dev learn blog "
        "community console portal cdn static assets download downloads go get my id auth "
        "account accounts admin marketplace example your-domain yourdomain your-org "
        "your-company yourcompany company domain tenant organization my-org acme subdomain "
        "dl blob file queue table releases repo registry-1 docs-v1"
    )
)
_ARN = re.compile(r"arn:aws[\w-]*:[\w-]+:[\w-]*:(?P<id>\d{12}):", re.I)
_OWNERS = words(
    "client tenant account app application subscription org organization organisation consumer "
    "access merchant workspace"
)
_ID_WORDS = tuple(f"{owner}{joint}id" for owner in _OWNERS for joint in ("", "_", "-", ".", " "))
_ID = re.compile(
    r"(?i)id\\*[\"'`]?\]?[ \t]*(?:[a-z]{1,12}[ \t]*)?(?::=|=>|\?=|[:=])[ \t]*\\*[\"'`]?"
    r"(?P<id>[A-Za-z0-9][A-Za-z0-9_.-]{8,127})(?![\w/(])"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_GOOGLE_CLIENT = re.compile(r"\d{6,}-[a-z0-9]{20,}$")
_EXAMPLE_ACCOUNTS = ("123456789012", "111122223333", "444455556666")  # of AWS's documentation


class TenantDetector:
    """Customers' labels of services' hosts, account numbers, client and tenant ids."""

    triggers = (*_SUFFIXES, *_REGIONAL_BUCKET, "arn:aws", ".apps.googleusercontent", *_ID_WORDS)

    def __call__(self, page: Page) -> Iterator[Finding]:
        for suffix in _SUFFIXES:
            for hit in page.hits.get(suffix, ()):
                after = page.low[hit + len(suffix) : hit + len(suffix) + 1]
                if not after.isalnum():
                    yield from _label(page, hit)
        for hit in page.at(_REGIONAL_BUCKET):
            if _S3.match(page.text, hit):
                yield from _label(page, hit)
        for hit in page.at((".apps.googleusercontent",)):
            client = _GOOGLE_CLIENT.search(page.text, max(0, hit - 90), hit)
            if client:
                yield Finding(*client.span(), "CLIENT_ID", "client-id", client.group())
        for hit in page.at(("arn:aws",)):
            arn = _ARN.match(page.text, hit)
            if arn and arn["id"] not in _EXAMPLE_ACCOUNTS:
                yield Finding(*arn.span("id"), "ACCOUNT", "arn", arn["id"])
        for match in page.near(_ID_WORDS, _ID, before=0, after=14, digit_within=130, reach=180):
            value = match["id"].rstrip(".-")
            if _is_account(value):
                start = match.start("id")
                yield Finding(start, start + len(value), "ACCOUNT", "account-id", value)


def _label(page: Page, dot: int) -> Iterator[Finding]:
    start = dot
    while start and dot - start < 120 and page.low[start - 1] in _HOST_CHARS:
        start -= 1
    value = page.text[start:dot].lstrip(".-_")
    start = dot - len(value)
    if not value or is_placeholder(value):
        return
    low = value.lower()
    if low in _OWN_HOSTS or low.split(".")[0] in _OWN_HOSTS or low.startswith("tenant-"):
        return
    yield Finding(start, dot, "TENANT", "tenant", value)


def _is_account(value: str) -> bool:
    if value in _EXAMPLE_ACCOUNTS or is_placeholder(value):
        return False
    if value.isdigit():
        return 9 <= len(value) <= 20 and len(set(value)) > 3
    if _UUID.fullmatch(value):
        return True
    return sum(char.isdigit() for char in value) >= 2 and looks_random(value)
