"""Reads user agents: what they say of machine, system and browser, and the name of a device that a person recognises.

The patterns are ua-parser's, run by its Rust engine; the other engines take a hundred times as long, which is a way to
make a server slow by sending it long agents. What is no word that a person would write down becomes the empty text.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ua_parser import Domain, Parser, PartialResult, load_lazy_builtins
from ua_parser.regex import Resolver

from watchword.domain.atlas_facts import NO_AGENT, AgentFacts, AgentType
from watchword.domain.device import ON_SYSTEM, UNKNOWN_BROWSER

AGENT_CHARACTERS: Final = 1_024
"""A user agent is not read further than this; an action takes no longer one."""
AGENTS_KEPT: Final = 2_048
"""How many readings are kept: about 2 MB with agents of usual length, 6 MB at the very most."""

_SHOWN_BROWSERS: Final = {
    "Brave": "Brave",
    "Chrome": "Chrome",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile WebView": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chromium": "Chromium",
    "DuckDuckGo": "DuckDuckGo",
    "DuckDuckGo Mobile": "DuckDuckGo",
    "Edge": "Edge",
    "Edge Mobile": "Edge",
    "Facebook": "the Facebook app",
    "Firefox": "Firefox",
    "Firefox Focus": "Firefox",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Google": "the Google app",
    "HeadlessChrome": "Chrome",
    "IE": "Internet Explorer",
    "Instagram": "the Instagram app",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Opera": "Opera",
    "Opera Mobile": "Opera",
    "Opera Touch": "Opera",
    "Safari": "Safari",
    "Samsung Internet": "Samsung Internet",
    "UC Browser": "UC Browser",
    "Vivaldi": "Vivaldi",
    "Yandex Browser": "Yandex Browser",
}
"""The browsers that are named, and how. A name stands in notices to the owner, and a user agent is whatever a stranger
wrote: no word of it gets there that is not in this table."""
_SHOWN_SYSTEMS: Final = {
    "Android": "Android",
    "Chrome OS": "ChromeOS",
    "Chromecast": "Chromecast",
    "Fedora": "Linux",
    "Linux": "Linux",
    "Mac OS X": "macOS",
    "Ubuntu": "Linux",
    "Windows": "Windows",
    "iOS": "iOS",
}
_FAMILIES: Final = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Android WebView",
    "DuckDuckGo Mobile": "DuckDuckGo",
    "Edge Mobile": "Edge",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "iOS WebView",
    "Opera Mobile": "Opera",
}
"""One browser is one family on every machine: what it runs on is said by the other facts."""
_DESKTOPS: Final = frozenset({"Windows", "macOS", "Linux", "ChromeOS", "FreeBSD", "OpenBSD", "NetBSD", "Solaris"})
_PHONES: Final = frozenset({"Windows Phone", "KaiOS", "BlackBerry OS", "Symbian OS", "HarmonyOS"})
_APPLE_DEVICE: Final = re.compile(r"\((iPhone|iPad)\b")
_TABLET: Final = re.compile(r"\b(?:iPad|Tablet|Kindle|KF[A-Z]{2,6}|PlayBook)\b")
_PHONE: Final = re.compile(r"\b(?:Mobile|iPhone|iPod|Phone|Dalvik)\b")
_SCRIPT: Final = re.compile(
    # "Cubot" makes phones, so a bot's name must not follow its "cu".
    r"(?<!cu)bot\b|crawl|spider|slurp|scrap[ye]|curl/|wget|python|aiohttp|httpx|urllib|libwww|lwp::|perl|ruby|guzzle"
    r"|\bphp\b|\bjava/|httpclient|go-http|node-fetch|undici|axios|postman|insomnia|httpie|powershell|k6/|jmeter"
)
_WITHOUT_SCREEN: Final = re.compile(r"headless|phantomjs|puppeteer|playwright|selenium|webdriver|electron/|cypress")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9 +_-]{0,39}")
_LONG_NUMBER: Final = re.compile(r"\d{4}|\d-\d")
_NUMBER: Final = re.compile(r"\d{1,6}")


@dataclass(frozen=True, slots=True)
class _Reading:
    facts: AgentFacts
    device_name: str


class AgentReader:
    """Reads agents, and keeps the readings of the last ones."""

    __slots__ = ("_parser", "_reading")

    def __init__(self) -> None:
        self._parser: Parser | None = None
        self._reading = lru_cache(AGENTS_KEPT)(self._read)

    def facts(self, user_agent: str | None) -> AgentFacts:
        """Return what an agent says of itself."""
        return self._reading(user_agent[:AGENT_CHARACTERS]).facts if user_agent else NO_AGENT

    def device_name(self, user_agent: str | None) -> str:
        """Return a name such as "Chrome on Windows"; what is not recognised is "an unknown browser"."""
        return self._reading(user_agent[:AGENT_CHARACTERS]).device_name if user_agent else UNKNOWN_BROWSER

    def _read(self, agent: str) -> _Reading:
        # A lone surrogate, which no UTF-8 has, would be an error of the parser.
        text = agent.encode(errors="replace").decode()
        if self._parser is None:
            # A tenth of a second, which commands that only look at addresses need not take.
            self._parser = Parser(Resolver(load_lazy_builtins()))
        parsed = self._parser(text, Domain.ALL)
        return _Reading(_facts(text, parsed), _device_name(text, parsed))


def _facts(agent: str, parsed: PartialResult) -> AgentFacts:
    browser, system = parsed.user_agent, parsed.os
    family = _plain_name(_FAMILIES.get(browser.family, browser.family)) if browser else ""
    os = _plain_name(_SHOWN_SYSTEMS.get(system.family, system.family)) if system else ""
    folded = agent.lower()
    is_script = _SCRIPT.search(folded) is not None or (parsed.device is not None and parsed.device.family == "Spider")
    return AgentFacts(
        type=AgentType.BOT if is_script else _type(agent, os, parsed),
        os=os,
        os_version=_version(system.major, system.minor) if system and os else "",
        browser=family,
        browser_major=_version(browser.major, None) if browser and family else "",
        automated=is_script or _WITHOUT_SCREEN.search(folded) is not None,
    )


def _type(agent: str, os: str, parsed: PartialResult) -> AgentType:
    brand = parsed.device.brand if parsed.device else None
    if _TABLET.search(agent) or brand == "Generic_Android_Tablet":
        return AgentType.TABLET
    if os in ("iOS", "Android"):
        return AgentType.MOBILE if os == "iOS" or _PHONE.search(agent) else AgentType.TABLET
    if os in _PHONES:
        return AgentType.MOBILE
    if os in _DESKTOPS:
        return AgentType.DESKTOP
    return AgentType.UNKNOWN


def _version(major: str | None, minor: str | None) -> str:
    """Return at most two numbers; a version that is a word, such as Windows ``XP``, is its plain name."""
    if major is None:
        return ""
    if not _NUMBER.fullmatch(major):
        return _plain_name(major)
    return f"{major}.{minor}" if minor is not None and _NUMBER.fullmatch(minor) else major


def _plain_name(text: str) -> str:
    """Return a name that cannot be a link, an address or a telephone number, and else nothing."""
    is_plain = _PLAIN_NAME.fullmatch(text) is not None and _LONG_NUMBER.search(text) is None
    return text.rstrip() if is_plain else ""


def _device_name(agent: str, parsed: PartialResult) -> str:
    browser = _SHOWN_BROWSERS.get(parsed.user_agent.family) if parsed.user_agent else None
    system = _SHOWN_SYSTEMS.get(parsed.os.family) if parsed.os else None
    if system == "iOS" and (apple := _APPLE_DEVICE.search(agent)):
        system = apple[1]
    return f"{browser or UNKNOWN_BROWSER}{ON_SYSTEM}{system}" if system else browser or UNKNOWN_BROWSER
