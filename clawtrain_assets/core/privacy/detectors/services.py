"""Keys without a form of their own, recognised by the name of the service that issued them.

Many services hand out bare hexadecimal, UUIDs or letters and digits. Beside the service's name
(``postmark: "..."``, ``wandb login ...``, ``CLOUDFLARE=...``) such a value is its key. Listed are
services whose documentation shows keys without a prefix; names that are ordinary words are not.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.randomness import is_placeholder, looks_random
from clawtrain_assets.core.privacy.wordlists import words

_SERVICES = words(
    "adafruit adobe aftership airship algolia alchemy amplitude anypoint apify appcenter appsflyer "
    "asana assemblyai atlassian auth0 aweber axiom azure bamboohr beamer betterstack bitbucket "
    "bitfinex bitly blazemeter brandfetch browserstack bugsnag calendarific calendly chartmogul "
    "checkout circleci clearbit clickup clicksend cloudconvert cloudflare cloudimage cloudinary "
    "cloudsmith codacy codeclimate coinapi coinbase coinlayer coinmarketcap confluent convertkit "
    "copper crowdin cryptocompare currencylayer customerio databox datadog datagov debounce "
    "deepgram deepl deepseek delighted detectlanguage discogs disqus dnsimple docusign "
    "dotdigital drift dropbox dynatrace edamam elastic etherscan etsy eventbrite everhour "
    "exchangerate exchangeratesapi facebook fastforex fastly feedier finage finnhub fixerio "
    "flickr flightapi foursquare freshbooks freshdesk fullstory geoapify geocodio getresponse "
    "giphy gitter gocardless graphhopper gumroad guru harvest helpscout heroku hubspot "
    "humanity hunterio imagga imgur infura instagram intercom ipapi ipgeolocation ipinfo ipstack "
    "iterable jotform jumpcloud kickbox klaviyo kraken kucoin lastfm launchdarkly linkedin "
    "livechat locationiq loggly lokalise mailchimp mailerlite mailgun mailjet mailmodo mandrill "
    "mapquest marketstack maxmind mediastack messagebird meraki microsoft mistral mixpanel "
    "moosend mux nasdaq netcore netlify newrelic newsapi nexmo nicereply nightfall noticeable "
    "nylas nytimes omdb onedesk onesignal opencage openweather openweathermap optimizely opsgenie "
    "owm paddle pagerduty parseur pendo pepipost pipedrive pivotaltracker plivo podio "
    "polygonio postmark prerender pusher pyowm qualaroo quandl rapidapi readwise rebrandly "
    "recaptcha recurly refiner requestbin restpack rollbar runscope salesforce scalr scrapestack "
    "scraperapi scrapingant scrapingbee screenshotapi sendbird sendinblue serpapi serpstack "
    "shodan shortcut shotstack signupgenius smartsheet snowflake snyk sonarcloud sonarqube "
    "sourcegraph spoonacular spotify splunk squareup stabilityai stackhawk statuspage storyblok "
    "strava streak stytch sumologic survicate supernotes tatum telnyx testrail theoddsapi "
    "odds-api ticketmaster tineye todoist toggl tomtom travisci trello twelvedata twitch twitter "
    "typesense unsplash uploadcare uptimerobot urlscan userstack vatlayer virustotal "
    "visualcrossing vonage vultr wakatime wandb weatherapi weatherbit weatherstack webex wepay "
    "wistia wordnik worldcoinindex wrike yelp zendesk zenrows zenserp zerobounce zipcodeapi zoho"
)
_KEY = re.compile(
    r"[A-Za-z_.-]{0,24}[\"'`\])]{0,2}(?:[ \t]*(?P<assigned>:=|=>|\?=|[:=,])[ \t]*|[ \t-]|"
    r"\r?\n[ \t]*|>\s*)"
    r"(?:(?:string|secret|private|access|api|apikey|secretkey|key|token|code|id|login)"
    r"[ \t]*[:=]?\s+){0,3}[\"'`]{0,2}(?P<secret>[A-Za-z0-9_+/|!.~-]{12,200}={0,2})(?![\w/@=])",
    re.I,
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OTHER = re.compile(r"(?:commit|rev|sha\d*|digest|hash|etag|checksum|version)[^\w]*$", re.I)


class ServiceKeyDetector:
    """A generated value that directly follows the name of a service."""

    triggers = _SERVICES

    def __call__(self, page: Page) -> Iterator[Finding]:
        text, low, done = page.text, page.low, -1
        for hit in page.at(_SERVICES):
            if hit < done or low[hit - 1 : hit].isalnum():
                continue
            end = hit
            while low[end : end + 1].isalnum():
                end += 1
            match = _KEY.match(text, end)
            if not match or _OTHER.search(text, hit, match.start("secret")):
                continue
            value = match["secret"].rstrip(".")
            if _is_key(value, bool(match["assigned"])):
                done = match.end()
                start = match.start("secret")
                yield Finding(start, start + len(value), "SECRET", "service", value)


def _is_key(value: str, assigned: bool) -> bool:
    if is_placeholder(value) or value.count("/") > 3 or value.count(".") > 3:
        return False
    if _UUID.fullmatch(value):
        return True
    if len(value) < 20 and not (assigned and value.isalnum()):
        return False
    digits = sum(char.isdigit() for char in value)
    return (digits >= 3 or len(value) >= 24) and looks_random(value)
