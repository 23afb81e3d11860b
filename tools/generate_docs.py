"""Writes the pages of docs/ that are made from the code; `make docs` runs it, and a test says when it is due."""

from pathlib import Path

from watchword.config.reference import render_reference
from watchword.web.error_reference import render_errors

DOCS = Path(__file__).resolve().parents[1] / "docs"


def pages() -> dict[Path, str]:
    """Return every generated page with its text."""
    return {DOCS / "configuration.md": render_reference(), DOCS / "errors.md": render_errors()}


def main() -> None:
    """Write the pages that have changed, and say which."""
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"written: docs/{path.name}")


if __name__ == "__main__":
    main()
