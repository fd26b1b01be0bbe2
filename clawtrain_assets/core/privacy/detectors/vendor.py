"""Credentials that their issuers made recognisable: a fixed prefix and an alphabet.

Each rule is the issuer's published form. Lengths are lower bounds: a token that grew or was cut
short in a log is still a token.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.randomness import is_mask, looks_random
from clawtrain_assets.core.privacy.wordlists import words


class Rule(NamedTuple):
    """A kind of credential: its prefixes as written, the whole token's pattern."""

    kind: str
    prefixes: tuple[str, ...]
    pattern: re.Pattern[str]


def _rule(kind: str, prefixes: str, body: str) -> Rule:
    words = tuple(prefixes.split())
    head = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return Rule(kind, words, re.compile(f"(?:{head}){body}"))


_W = r"[A-Za-z0-9_-]"
_AN = r"[A-Za-z0-9]"
_HEX = r"[0-9a-fA-F]"

RULES: tuple[Rule, ...] = (
    # Source hosting and CI
    _rule("GITHUB_TOKEN", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", r"[A-Za-z0-9_]{16,}"),
    _rule(
        "GITLAB_TOKEN",
        "glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glffct- glimt- glagent- gloas- glsoat- "
        "glwt- GR1348941 _gitlab_session=",
        r"[A-Za-z0-9_=.-]{16,}",
    ),
    _rule("BITBUCKET_TOKEN", "ATBB ATCTT3", r"[A-Za-z0-9_=-]{20,}"),
    _rule("ATLASSIAN_TOKEN", "ATATT3 ATOA", r"[A-Za-z0-9_=-]{20,}"),
    _rule("NPM_TOKEN", "npm_", r"[A-Za-z0-9]{30,}"),
    _rule("PYPI_TOKEN", "pypi-AgE", rf"{_W}{{30,}}"),
    _rule("RUBYGEMS_TOKEN", "rubygems_", rf"{_HEX}{{40,}}"),
    _rule("CRATES_TOKEN", "cio", rf"{_AN}{{32}}(?!{_AN})"),
    _rule("NUGET_KEY", "oy2", r"[a-z0-9]{43}(?![A-Za-z0-9])"),
    _rule("DEPENDENCY_TRACK_KEY", "odt_", r"[A-Za-z0-9_]{30,}"),
    _rule("CLOJARS_TOKEN", "CLOJARS_", rf"{_AN}{{40,}}"),
    _rule("DOCKER_TOKEN", "dckr_pat_ dckr_oat_", rf"{_W}{{20,}}"),
    _rule("SONAR_TOKEN", "squ_ sqp_ sqa_", rf"{_HEX}{{30,}}"),
    _rule("SOURCEGRAPH_TOKEN", "sgp_ slk_", r"[0-9a-zA-Z_]{30,}"),
    _rule("CIRCLECI_TOKEN", "CCIPAT_ CCIPRJ_", r"[A-Za-z0-9_]{20,}"),
    _rule("BUILDKITE_TOKEN", "bkua_", rf"{_HEX}{{30,}}"),
    _rule("TRAVIS_TOKEN", "secret_travis_", rf"{_W}{{20,}}"),
    _rule("HARNESS_TOKEN", "pat. sat.", r"[A-Za-z0-9_-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}"),
    _rule("POSTMAN_KEY", "PMAK-", rf"{_HEX}{{24}}-{_HEX}{{30,}}"),
    _rule("README_KEY", "rdme_", r"[a-z0-9]{40,}"),
    _rule("RAPID_KEY", "rpa_", rf"{_AN}{{40,}}"),
    _rule("SCALINGO_TOKEN", "tk-us-", rf"{_W}{{30,}}"),
    _rule("PREFECT_KEY", "pnu_ pnb_", r"[A-Za-z0-9]{30,}"),
    _rule("PLANETSCALE_TOKEN", "pscale_tkn_ pscale_pw_ pscale_oauth_", r"[\w=.-]{30,}"),
    _rule("PULUMI_TOKEN", "pul-", rf"{_HEX}{{40}}"),
    _rule("DOPPLER_TOKEN", "dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", r"[A-Za-z0-9_.]{30,}"),
    _rule("INFRACOST_KEY", "ico-", r"[A-Za-z0-9]{32}"),
    _rule(
        "VAULT_TOKEN",
        "hvs. hvb. hvr. s.",
        r"(?<=hvs\.|hvb\.|hvr\.)[\w-]{20,}|(?<=[^\w.]s\.)[A-Za-z0-9]{24}(?![A-Za-z0-9])",
    ),
    _rule("1PASSWORD_TOKEN", "ops_eyJ", r"[A-Za-z0-9+/=_-]{50,}"),
    _rule(
        "1PASSWORD_KEY",
        "A3-",
        r"[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}",
    ),
    _rule("AGE_KEY", "AGE-SECRET-KEY-1", r"[A-Z0-9]{40,}"),
    _rule(
        "BITWARDEN_TOKEN",
        "0.",
        rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\.[A-Za-z0-9]{{30}}:[A-Za-"
        rf"z0-9+/=]{{20,}}",
    ),
    # Clouds
    _rule("AWS_KEY_ID", "AKIA ASIA ABIA ACCA A3T", rf"[A-Z0-9]{{13,17}}(?!{_AN})"),
    _rule("AWS_BEDROCK_KEY", "ABSK bedrock-api-key-", r"[A-Za-z0-9+/=]{30,}"),
    _rule("GOOGLE_KEY", "AIza", rf"{_W}{{30,}}"),
    _rule("GOOGLE_OAUTH", "ya29. GOCSPX- 1//0", r"[\w./-]{20,}"),
    _rule("ALIBABA_KEY", "LTAI", rf"{_AN}{{12,30}}(?!{_AN})"),
    _rule("TENCENT_KEY", "AKID", rf"{_AN}{{32}}"),
    _rule("YANDEX_TOKEN", "AQVN t1. YCAJ y0_ y1_ y2_ y3_", r"[\w=.-]{30,}"),
    _rule("DIGITALOCEAN_TOKEN", "dop_v1_ doo_v1_ dor_v1_", rf"{_HEX}{{40,}}"),
    _rule("HEROKU_KEY", "HRKU-", rf"{_W}{{30,}}"),
    _rule("FLY_TOKEN", "fo1_ fm1_ fm1a_ fm1r_ fm2_ FlyV1", r"[ A-Za-z0-9_+/=,-]{30,}"),
    _rule("LINODE_TOKEN", "linode_", rf"{_HEX}{{40,}}"),
    _rule("CLOUDFLARE_ORIGIN_KEY", "v1.0-", rf"{_HEX}{{24}}-{_HEX}{{100,}}"),
    _rule("TAILSCALE_KEY", "tskey-", r"[A-Za-z0-9_-]{12,}"),
    _rule("DATABRICKS_TOKEN", "dapi dose", r"[0-9a-f]{30,}(?:-\d)?"),
    _rule("CLICKHOUSE_KEY", "4b1d", r"[A-Za-z0-9]{38}(?![A-Za-z0-9])"),
    _rule("SUPABASE_KEY", "sbp_ sb_secret_ sb_publishable_", rf"{_W}{{20,}}"),
    _rule("NEON_KEY", "napi_ neon_api_key_", r"[A-Za-z0-9]{30,}"),
    _rule("UPSTASH_TOKEN", "upstash_", rf"{_W}{{20,}}"),
    _rule("RENDER_KEY", "rnd_", rf"{_AN}{{20,}}"),
    _rule("VERCEL_TOKEN", "vcp_ vci_ vca_ vcr_ vck_ vercel_blob_rw_", r"[A-Za-z0-9_]{20,}"),
    _rule("NETLIFY_TOKEN", "nfp_", rf"{_AN}{{30,}}"),
    _rule("OPENSHIFT_TOKEN", "sha256~", rf"{_W}{{40,}}"),
    # Models and AI services
    _rule("ANTHROPIC_KEY", "sk-ant-", rf"{_W}{{20,}}"),
    _rule("OPENAI_KEY", "sk-proj- sk-svcacct- sk-admin- sk-None- sess-", rf"{_W}{{20,}}"),
    _rule("OPENROUTER_KEY", "sk-or-", rf"{_W}{{20,}}"),
    _rule("API_KEY", "sk- pk- rk-", rf"{_W}{{20,}}"),
    _rule("HUGGINGFACE_TOKEN", "hf_ api_org_", rf"{_AN}{{28,}}"),
    _rule("GROQ_KEY", "gsk_", rf"{_AN}{{30,}}"),
    _rule("XAI_KEY", "xai-", rf"{_W}{{40,}}"),
    _rule("REPLICATE_TOKEN", "r8_", rf"{_AN}{{30,}}"),
    _rule("PERPLEXITY_KEY", "pplx-", rf"{_AN}{{40,}}"),
    _rule("FIREWORKS_KEY", "fw_", rf"{_AN}{{20,}}"),
    _rule("TAVILY_KEY", "tvly-", rf"{_W}{{20,}}"),
    _rule("LANGSMITH_KEY", "lsv2_", r"[A-Za-z0-9_]{30,}"),
    _rule("LANGFUSE_KEY", "sk-lf- pk-lf-", rf"{_W}{{30,}}"),
    _rule("NVIDIA_KEY", "nvapi-", rf"{_W}{{40,}}"),
    _rule("WANDB_KEY", "wandb_v1_", r"[A-Za-z0-9_]{40,}"),
    _rule("PINECONE_KEY", "pcsk_", r"[A-Za-z0-9_]{40,}"),
    _rule("FIRECRAWL_KEY", "fc-", r"[0-9a-f]{32}"),
    _rule("E2B_KEY", "e2b_", rf"{_HEX}{{30,}}"),
    _rule("JINA_KEY", "jina_", rf"{_W}{{40,}}"),
    _rule("ELEVENLABS_KEY", "sk_", rf"{_HEX}{{40,}}"),
    _rule("VOICEFLOW_KEY", "VF.DM. VF.WS. VF.", rf"{_HEX}{{24}}\.{_AN}{{16}}"),
    # Messaging
    _rule(
        "SLACK_TOKEN",
        "xoxa- xoxb- xoxc- xoxd- xoxe- xoxe.xoxb- xoxe.xoxp- xoxo- xoxp- xoxr- xoxs- xapp-",
        r"[A-Za-z0-9%._-]{10,}",
    ),
    _rule("TWILIO_KEY", "SK AC", rf"{_HEX}{{32}}(?!{_AN})"),
    _rule("SENDGRID_KEY", "SG.", r"[\w=.-]{40,}"),
    _rule("MAILGUN_KEY", "key- pubkey-", rf"{_HEX}{{32}}(?!{_AN})"),
    _rule("MAILERSEND_KEY", "mlsn.", rf"{_HEX}{{40,}}"),
    _rule("BREVO_KEY", "xkeysib- xsmtpsib-", rf"{_HEX}{{40,}}-{_AN}{{10,}}"),
    _rule("RESEND_KEY", "re_", r"[A-Za-z0-9]{6,10}_[A-Za-z0-9]{20,}"),
    _rule("PUBNUB_KEY", "pub-c- sub-c- sec-c-", r"[A-Za-z0-9-]{30,}"),
    _rule("NIGHTFALL_KEY", "NF-", rf"{_AN}{{32}}(?!{_AN})"),
    _rule("NTFY_TOKEN", "tk_", r"[a-z0-9]{29}(?![A-Za-z0-9])"),
    _rule("MAPBOX_TOKEN", "pk.ey sk.ey tk.ey pk. sk.", r"[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{20,}"),
    _rule("FACEBOOK_TOKEN", "EAAC EAAM EAAB EAAG EAAJ EAAD EAAE EAAF EAAH", rf"{_AN}{{30,}}"),
    _rule("TWITTER_BEARER", "AAAAAAAAAAAAAAAAAAAAA", r"[A-Za-z0-9%]{40,}"),
    # Payments and shops
    _rule(
        "STRIPE_KEY",
        "sk_live_ sk_test_ rk_live_ rk_test_ pk_live_ pk_test_ sk_prod_ rk_prod_ whsec_",
        r"[A-Za-z0-9+/=]{10,}",
    ),
    _rule("SQUARE_TOKEN", "sq0atp- sq0csp- sq0idp- EAAA", r"[\w=+-]{22,}"),
    _rule("SHOPIFY_TOKEN", "shpat_ shpca_ shppa_ shpss_ shpua_ shptka_", rf"{_HEX}{{30,}}"),
    _rule(
        "PAYPAL_TOKEN",
        "access_token$production$ access_token$sandbox$",
        r"[0-9a-z]{16}\$[0-9a-f]{32}",
    ),
    _rule(
        "PLAID_TOKEN", "access-sandbox- access-development- access-production-", r"[0-9a-f-]{36}"
    ),
    _rule("FLUTTERWAVE_KEY", "FLWSECK FLWPUBK", r"(?:_TEST)?-?[A-Za-z0-9-]{12,}"),
    _rule("RAZORPAY_KEY", "rzp_live_ rzp_test_", rf"{_AN}{{10,}}"),
    _rule("PAGARME_KEY", "ak_live_ ak_test_ ek_live_ ek_test_", rf"{_AN}{{20,}}"),
    _rule("FLEETBASE_KEY", "flb_live_ flb_test_", rf"{_AN}{{20,}}"),
    _rule("DUFFEL_TOKEN", "duffel_test_ duffel_live_", r"[\w=-]{40,}"),
    _rule("EASYPOST_KEY", "EZAK EZTK", rf"{_AN}{{50,}}"),
    _rule("SHIPPO_TOKEN", "shippo_live_ shippo_test_", rf"{_HEX}{{40}}"),
    _rule("GOCARDLESS_TOKEN", "live_ test_", r"[\w=-]{40}(?![\w=-])"),
    _rule("COINBASE_KEY", "organizations/", r"[0-9a-f-]{36}/apiKeys/[0-9a-f-]{36}"),
    # Observability, product analytics and the rest
    _rule("GRAFANA_TOKEN", "glc_ glsa_ eyJrIjoi", r"[A-Za-z0-9+/_=]{30,}"),
    _rule("SENTRY_TOKEN", "sntrys_ sntryu_ sntrya_", r"[A-Za-z0-9+/=_]{40,}"),
    _rule("NEWRELIC_KEY", "NRAK- NRJS- NRII- NRIQ- NRRA- NRAL", rf"{_W}{{15,}}"),
    _rule(
        "DYNATRACE_TOKEN", "dt0c01. dt0s16. dt0s01. dt0s02.", r"[A-Za-z0-9]{20,}\.[A-Za-z0-9]{50,}"
    ),
    _rule(
        "LAUNCHDARKLY_KEY",
        "sdk- mob- api-",
        rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}",
    ),
    _rule("POSTHOG_KEY", "phc_ phx_ phs_", rf"{_W}{{40,}}"),
    _rule("LINEAR_KEY", "lin_api_ lin_oauth_", rf"{_AN}{{30,}}"),
    _rule("NOTION_TOKEN", "ntn_ secret_", rf"{_AN}{{40,}}"),
    _rule("AIRTABLE_TOKEN", "pat", r"[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    _rule("FIGMA_TOKEN", "figd_ figo_ figu_ figur_", rf"{_W}{{30,}}"),
    _rule("ADAFRUIT_KEY", "aio_", rf"{_AN}{{28}}"),
    _rule("UBIDOTS_TOKEN", "BBFF- BBUS-", r"[A-Za-z0-9]{30,}"),
    _rule("SALESFORCE_TOKEN", "00D", r"[A-Za-z0-9]{9,15}![A-Za-z0-9._]{60,}"),
    _rule("ZOHO_TOKEN", "1000.", rf"{_HEX}{{32}}\.{_HEX}{{32}}"),
    _rule("TEAMWORK_TOKEN", "tkn.v1_", r"[A-Za-z0-9+/=]{40,}"),
    _rule("FULLSTORY_KEY", "na1. eu1.", r"[A-Za-z0-9+/]{60,}={0,2}"),
    _rule("FRAMEIO_TOKEN", "fio-u-", r"[\w=-]{50,}"),
    _rule("TYPEFORM_TOKEN", "tfp_", r"[\w.=-]{40,}"),
    _rule("CONTENTFUL_TOKEN", "CFPAT-", rf"{_W}{{30,}}"),
    _rule("HUBSPOT_TOKEN", "pat-na1- pat-eu1- pat-na2-", r"[0-9a-f-]{36}"),
    _rule("ADOBE_SECRET", "p8e-", r"[A-Za-z0-9]{32}"),
    _rule("DROPBOX_TOKEN", "sl.", r"[\w=-]{60,}"),
    _rule("BOX_TOKEN", "box_", rf"{_AN}{{30,}}"),
    _rule(
        "ASANA_TOKEN",
        "0/ 1/ 2/",
        r"(?:\d{10,}[:/][0-9a-f]{32}|\d{16,}/\d{16,}:[0-9a-f]{32}|[0-9a-f]{32})(?![\w/])",
    ),
    _rule("INTRA42_SECRET", "s-s4t2ud- s-s4t2af-", rf"{_HEX}{{60,}}"),
    _rule("SETTLEMINT_TOKEN", "sm_pat_ sm_aat_ sm_sat_", rf"{_AN}{{12,}}"),
    _rule("SENDINBLUE_KEY", "xkeysib-", rf"{_W}{{40,}}"),
    _rule("OKTA_TOKEN", "SSWS ", rf"{_W}{{30,}}"),
    _rule("OCTOPUS_KEY", "API-", r"(?=[A-Z]*\d)[A-Z0-9]{26}(?![A-Za-z0-9])"),
    _rule("ARTIFACTORY_KEY", "AKCp cmVmd", rf"{_AN}{{50,}}"),
    _rule("LOB_KEY", "live_pub_ test_pub_", rf"{_HEX}{{30,}}"),
    _rule("SIDEKIQ_KEY", "SG_", rf"{_AN}{{60,}}"),
    _rule("THUNDERSTORE_TOKEN", "tss_", rf"{_W}{{30,}}"),
    # Whoever knows the address may report, call or push.
    _rule(
        "PING_URL",
        "hc-ping.com/ healthchecks.io/ping/ webhook.site/ /api/push/ nosnch.in/ cronitor.link/p/",
        r"[A-Za-z0-9-]{10,64}",
    ),
    _rule(
        "DISCORD_WEBHOOK",
        "discord.com/api/webhooks/ discordapp.com/api/webhooks/",
        r"\d{17,20}/[\w-]{40,}",
    ),
    _rule(
        "SLACK_WEBHOOK", "hooks.slack.com/", r"(?:services|workflows|triggers)/[A-Za-z0-9+/_-]{20,}"
    ),
    _rule("TEAMS_WEBHOOK", "webhook.office.com/ outlook.office.com/webhook/", r"[\w@/-]{60,}"),
    _rule("TINES_WEBHOOK", "tines.com/webhook/", rf"{_HEX}{{32}}/{_HEX}{{32}}"),
    _rule("ZAPIER_WEBHOOK", "hooks.zapier.com/hooks/catch/", r"(?:\d+/)?[A-Za-z0-9]{6,}"),
)

# Recognised by what stands inside or at the end: (mark, kind, characters before it, pattern).
_INSIDE = (
    (
        ".atlasv1.",
        "TERRAFORM_TOKEN",
        14,
        re.compile(r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{50,}"),
    ),
    (
        "azdo",
        "AZURE_DEVOPS_TOKEN",
        76,
        re.compile(r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])"),
    ),
    ("_mmk", "MAXMIND_KEY", 36, re.compile(r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk(?!\w)")),
    ("nral", "NEWRELIC_KEY", 36, re.compile(r"[0-9a-f]{36}NRAL(?!\w)")),
    ("-us", "MAILCHIMP_KEY", 32, re.compile(r"[0-9a-f]{32}-us\d{1,2}(?!\w)")),
)


# These begin ordinary words and names too: what follows must look generated.
_COMMON = frozenset(
    words(
        "sk- pk- rk- s. pat pat. sat. cio live_ test_ 0. 0/ 1/ 2/ secret_ key- mob- sdk- fc- "
        "sl. sk_ re_ rnd_ fw_ dose sk ac pk. sk. box_ sess- t1. y0_ y1_ y2_ y3_ ycaj "
        "na1. eu1. oy2"
    )
)


class VendorDetector:
    """Matches each rule only where the automaton saw one of its prefixes."""

    def __init__(self) -> None:
        self._by_prefix: dict[str, list[Rule]] = {}
        for rule in RULES:
            for prefix in dict.fromkeys(word.lower() for word in rule.prefixes):
                self._by_prefix.setdefault(prefix, []).append(rule)
        self.triggers = (*self._by_prefix, *(mark for mark, _, _, _ in _INSIDE))

    def __call__(self, page: Page) -> Iterator[Finding]:
        text = page.text
        for prefix, rules in self._by_prefix.items():
            for start in page.hits.get(prefix, ()):
                if start and (text[start - 1].isalnum() and text[start - 1].isascii()):
                    continue
                for rule in rules:
                    match = rule.pattern.match(text, start)
                    if match and _plausible(prefix, text[start + len(prefix) : match.end()]):
                        yield Finding(start, match.end(), rule.kind, "vendor", match.group())
                        break
        for mark, kind, before, pattern in _INSIDE:
            for hit in page.hits.get(mark, ()):
                match = pattern.match(text, hit - before) if hit >= before else None
                if match and not text[hit - before - 1 : hit - before].isalnum():
                    yield Finding(*match.span(), kind, "vendor", match.group())


def _plausible(prefix: str, body: str) -> bool:
    if prefix in _COMMON:
        return looks_random(body)
    return not is_mask(body)
