"""Pages that are made from the code say what the code says."""

from pathlib import Path

import pytest

from tools.generate_docs import pages


@pytest.mark.parametrize("page", sorted(pages()), ids=lambda page: page.name)
def test_a_generated_page_is_current(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == pages()[page], "run: make docs"
