"""The words of the repository: nothing unfinished, nothing of one machine, and links that lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.house.repository import ROOT, own_files, shown, texts, with_suffix

# Spelled in parts, so that this file does not hold what it looks for.
UNFINISHED = "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3))
MACHINE_PATHS = ("/" + "work/", "/" + "root/", r"/" + r"home/\w", r"/" + r"tmp/\S*_jobs", r"/" + r"Users/\w")
REGISTRIES = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("crates", "io"),
    ("deb", "debian", "org"),
    ("golang", "org"),
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def _places(pattern: str) -> list[str]:
    compiled = re.compile(pattern)
    return [
        f"{shown(path)}:{number}"
        for path, text in texts().items()
        for number, line in enumerate(text.splitlines(), start=1)
        if compiled.search(line)
    ]


def test_nothing_is_marked_as_unfinished() -> None:
    assert _places(rf"\b({UNFINISHED})\b") == []


def test_no_path_of_a_machine_is_written_down() -> None:
    assert _places("|".join(rf"(?<![\w.}}]){path}" for path in MACHINE_PATHS)) == []


@pytest.mark.parametrize("host", REGISTRIES, ids="-".join)
def test_no_host_of_a_package_registry_is_written_down(host: tuple[str, ...]) -> None:
    pattern = r"\.".join(host)
    locks = [shown(path) for path in own_files() if path.suffix == ".lock" and re.search(pattern, path.read_text())]
    assert (_places(pattern), locks) == ([], [])


@pytest.mark.parametrize("page", with_suffix(".md"), ids=shown)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = [first or second for first, second in LINK.findall(FENCED.sub("", page.read_text()))]
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not _leads_somewhere(page, target)] == []


def _leads_somewhere(page: Path, target: str) -> bool:
    path, _, fragment = target.partition("#")
    goal = (page.parent / path).resolve() if path else page
    if not goal.exists() or not goal.is_relative_to(ROOT):
        return False
    return not fragment or goal.suffix != ".md" or fragment in _anchors(goal.read_text())


def _anchors(text: str) -> set[str]:
    """Gives the anchors of a page's headings, made as the usual viewers make them, and those written as HTML."""
    headings = re.findall(r"^#{1,6} +(.+?) *$", FENCED.sub("", text), re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "Unreleased"


def test_every_decision_has_a_number_of_its_own_and_a_line_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    pages = sorted(path.name for path in with_suffix(".md") if path.parent == folder and path.name != "README.md")
    assert [name[:4] for name in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    index = (folder / "README.md").read_text()
    heads = {name: (folder / name).read_text().partition("\n")[0].partition(": ")[2] for name in pages}
    assert re.findall(r"^\| \[(\d{4})\]\((.+)\) \| (.+) \|$", index, re.MULTILINE) == [
        (name[:4], name, head) for name, head in heads.items()
    ]


def test_every_decision_says_what_it_is_about_what_was_chosen_and_what_could_reopen_it() -> None:
    said = {path: texts()[path] for path in with_suffix(".md") if re.match(r"\d{4}-", path.name)}
    assert said
    heads = ("**Context.** ", "**Choice.** ", "**What would change our mind.** ")
    assert [(shown(path), head) for path, text in said.items() for head in heads if f"\n{head}" not in text] == []


def test_the_first_page_leads_to_every_page_of_the_documentation() -> None:
    first = (ROOT / "README.md").read_text()
    pages = [shown(path) for path in with_suffix(".md") if path.parent == ROOT / "docs"]
    assert "docs/quickstart.md" in pages
    assert [page for page in pages if f"]({page})" not in first] == []


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_layer_is_on_the_map(page: str) -> None:
    layers = {path.parent.name for path in (ROOT / "src" / "watchword").glob("*/__init__.py")}
    assert "wording" in layers
    assert sorted(layers - set(re.findall(r"\w+", (ROOT / page).read_text()))) == []


def test_the_map_names_files_that_exist() -> None:
    named = re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", (ROOT / "ARCHITECTURE.md").read_text())
    assert "flow/assess.py" in named
    package = ROOT / "src" / "watchword"
    assert [path for path in named if not ((package / path).exists() or (ROOT / path).exists())] == []


def test_every_page_that_is_named_is_in_the_repository() -> None:
    named = {
        (shown(path), name)
        for path, text in texts().items()
        if path.suffix in {".py", ".md"}
        for name in re.findall(r"`((?:\w+/)*\w+\.md)`", text)
    }
    assert any(name == "GLOSSARY.md" for _, name in named)
    assert [one for one in sorted(named) if not (ROOT / one[1]).exists()] == []


def test_every_command_that_contributing_names_exists() -> None:
    named = set(re.findall(r"^\| `make (\w+)` \|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE))
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"check", "test"} <= named <= targets
