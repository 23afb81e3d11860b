"""The measurements that are made inside a page: axe-core's rules, and small scripts of ours in the folder beside."""

from pathlib import Path
from typing import Any, Final

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.async_api import Page

_FOLDER: Final = Path(__file__).parent / "measures"
_STANDARDS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
EVERY_RULE: Final = {
    "runOnly": {"type": "tag", "values": _STANDARDS},
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations", "incomplete"],
}
"""Every rule of WCAG 2.0 to 2.2 at the levels A and AA, and what axe-core calls best practice."""
COLOURS: Final = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations", "incomplete"],
}
"""The rules whose verdict depends on the colours."""


async def measure(page: Page, what: str) -> Any:
    """Run one measurement of ours in the page and return what it found."""
    return await page.evaluate((_FOLDER / f"{what}.js").read_text())


async def violations(page: Page, rules: dict[str, Any]) -> list[str]:
    """Return what axe-core holds against the page, and what it could not decide."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(Axe().axe_script)
    results = await page.evaluate("rules => axe.run(document, rules)", rules)
    return [
        f"{kind}: {rule['id']}: {node['html'][:120]}: {' '.join(node.get('failureSummary', '').split())}"
        for kind in ("violations", "incomplete")
        for rule in results[kind]
        for node in rule["nodes"]
    ]
