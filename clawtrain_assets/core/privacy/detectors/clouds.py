"""What a cloud knows a customer's account by, where its own programs and hosts write it.

Sources: Azure CLI reference (`az login`, global arguments), Cloudflare R2 (S3 API endpoint:
`<ACCOUNT_ID>.r2.cloudflarestorage.com`), Terraform ("Refreshing state... [id=...]"), Google People
API (resource names), Home Assistant (context and user ids are 32 hexadecimal digits).
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_AZURE = re.compile(
    rf"(?:--(?:tenant|username|subscription|client-id|app-id|assignee)[ =]|(?<=\s)-[ut] )['\"]?"
    rf"(?P<id>{_UUID})"
)
_R2 = re.compile(r"(?P<id>[0-9a-f]{32})(?:\.eu|\.fedramp)?\.r2\.cloudflarestorage\.com")
_STATE = re.compile(r"\[id=(?P<id>[^\]\s]{5,80})\]")
_PEOPLE = re.compile(r"people/c?(?P<id>\d{12,24})")
_USER_ID = re.compile(r"user_?id\\*[\"']?\s*[:=]\s*\\*[\"']?(?P<id>[0-9a-f]{32})(?![\w-])", re.I)
_PLACES = (
    (("az ",), _AZURE, 0, 200, 60),
    ((".r2.cloudflarestorage",), _R2, 45, 1, 90),
    (("[id=",), _STATE, 0, 1, 90),
    (("people/",), _PEOPLE, 0, 1, 40),
    (("user_id", "userid"), _USER_ID, 0, 1, 60),
)

TRIGGERS = tuple(word for words, *_ in _PLACES for word in words)


def cloud_ids(page: Page) -> Iterator[Finding]:
    """Ids of accounts in commands, hosts and listings of clouds."""
    for words, pattern, before, after, reach in _PLACES:
        for match in page.near(words, pattern, before, after, digit_within=80, reach=reach):
            yield Finding(*match.span("id"), "ACCOUNT_ID", "cloud-id", match["id"])
