"""What a user agent says of itself: type, system, browser and version, for real agents and for hostile ones."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.adapters.file_atlas import FileAtlas
from watchword.domain.atlas_facts import NO_AGENT, AgentFacts, AgentType

if TYPE_CHECKING:
    from watchword.ports.atlas import Atlas

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
D, M, T, B, U = AgentType.DESKTOP, AgentType.MOBILE, AgentType.TABLET, AgentType.BOT, AgentType.UNKNOWN


@pytest.fixture(scope="module")
def atlas() -> Iterator["Atlas"]:
    opened = FileAtlas.open()
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("agent", "facts"),
    [
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36", (D, "Windows", "10", "Chrome", "126")),
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", (D, "Windows", "10", "Edge", "126")),
        (f"{MAC} Version/17.4 Safari/605.1.15", (D, "macOS", "10.15", "Safari", "17")),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
         (D, "Linux", "", "Firefox", "127")),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
         (D, "ChromeOS", "14541.0", "Chrome", "126")),
        (f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1", (M, "iOS", "17.5", "Safari", "17")),
        (f"{IPHONE} CriOS/126.0 Mobile/15E148 Safari/604.1", (M, "iOS", "17.5", "Chrome", "126")),
        (f"{IPHONE.replace('iPhone;', 'iPad;')} Version/17.5 Mobile/15E148 Safari/604.1",
         (T, "iOS", "17.5", "Safari", "17")),
        (f"{ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36", (M, "Android", "10", "Chrome", "126")),
        (f"{ANDROID} Chrome/126.0.0.0 Safari/537.36", (T, "Android", "10", "Chrome", "126")),
        ("Mozilla/5.0 (Linux; Android 11; CUBOT X50) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile",
         (M, "Android", "11", "Chrome", "120")),
        ("Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0",
         (M, "Android", "14", "Firefox", "127")),
        ("Mozilla/5.0 (Windows NT 5.1; rv:52.0) Gecko/20100101 Firefox/52.0", (D, "Windows", "XP", "Firefox", "52")),
        (f"{WINDOWS}", (D, "Windows", "10", "", "")),
        ("okhttp/4.12.0", (U, "", "", "okhttp", "4")),
        ("nonsense", (U, "", "", "", "")),
        ("\x00\udcff", (U, "", "", "", "")),
        ("x" * 100_000, (U, "", "", "", "")),
    ],
)  # fmt: skip
def test_a_person_s_agent_says_what_it_runs_on(
    atlas: "Atlas", agent: str, facts: tuple[AgentType, str, str, str, str]
) -> None:
    kind, os, os_version, browser, browser_major = facts
    assert atlas.agent(agent) == AgentFacts(
        type=kind, os=os, os_version=os_version, browser=browser, browser_major=browser_major, automated=False
    )


@pytest.mark.parametrize(
    "agent",
    [
        "curl/8.5.0",
        "Wget/1.21",
        "python-requests/2.32.3",
        "python-httpx/0.27",
        "Go-http-client/1.1",
        "Java/17.0.1",
        "axios/1.6.8",
        "node-fetch/1.0",
        "PostmanRuntime/7.39",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    ],
)
def test_a_script_or_crawler_is_a_bot(atlas: "Atlas", agent: str) -> None:
    facts = atlas.agent(agent)
    assert (facts.type, facts.automated) == (AgentType.BOT, True)


@pytest.mark.parametrize(
    "agent", [f"{LINUX} HeadlessChrome/126.0.0.0 Safari/537.36", f"{LINUX} PhantomJS/2.1.1 Safari/538.1"]
)
def test_a_browser_without_a_screen_is_automated_whatever_it_runs_on(atlas: "Atlas", agent: str) -> None:
    facts = atlas.agent(agent)
    assert (facts.type, facts.os, facts.automated) == (AgentType.DESKTOP, "Linux", True)


@pytest.mark.parametrize("agent", [None, ""])
def test_no_agent_says_nothing_and_counts_as_automated(atlas: "Atlas", agent: str | None) -> None:
    assert atlas.agent(agent) == NO_AGENT
    assert NO_AGENT.automated


def test_a_headless_browser_is_not_the_browser_with_a_screen(atlas: "Atlas") -> None:
    seen = {
        atlas.agent(f"{LINUX} {browser}/126.0.0.0 Safari/537.36").browser for browser in ("Chrome", "HeadlessChrome")
    }
    assert seen == {"Chrome", "HeadlessChrome"}


@pytest.mark.parametrize(
    "agent",
    [
        "Call-0900-12345/1.0 (Windows NT 10.0) evil.example",
        "Mozilla/5.0 (evil.example; U; evil.example) evil.example/1.0 Mobile evil.example",
        "evil.exampleBot/1.0 (+https://evil.example)",
        "Mozilla/5.0 (Linux; Android 9; evil.example Build/X) evil.exampleBrowser/1.0",
        "Mozilla/5.0 (compatible; visit https://evil.example; MSIE 9)",
    ],
)
def test_no_link_and_no_number_of_a_stranger_gets_into_a_fact(atlas: "Atlas", agent: str) -> None:
    facts = atlas.agent(agent)
    told = f"{facts.os} {facts.os_version} {facts.browser} {facts.browser_major}"
    assert ".example" not in told
    assert "0900" not in told


AGENTS = st.text(max_size=200) | st.lists(
    st.sampled_from(
        ["Mozilla/5.0", "(", ")", ";", "Android", "Bot/", "Chrome/", "<script>", "126", ".", "\udcff", "\u202e", " "]
    ),
    max_size=60,
).map(" ".join)


@given(AGENTS)
def test_any_agent_is_read_into_plain_words(atlas: "Atlas", agent: str) -> None:
    facts = atlas.agent(agent)
    for text in (facts.os, facts.browser, facts.browser_major):
        assert len(text) <= 40
        assert all(c.isascii() and (c.isalnum() or c in " +-_") for c in text)
    assert all(c.isascii() and (c.isalnum() or c in " +-_.") for c in facts.os_version)
    assert atlas.agent(agent) == facts


def test_what_stands_behind_1024_characters_is_not_read(atlas: "Atlas") -> None:
    assert atlas.agent(" " * 1_024 + "curl/8.5.0").type is AgentType.UNKNOWN
