"""The reference page: it names every setting there is, and says what each one means."""

from dataclasses import fields

from msgspec import inspect

from watchword.adapters.senders import our_kinds
from watchword.config.file_shape import ApplicationTable, FileShape, RouteTable, ServerTable
from watchword.config.reference import render_reference
from watchword.domain.limits import Limits


def test_every_setting_is_on_the_page() -> None:
    page = render_reference()
    for table in (ServerTable, ApplicationTable, RouteTable, *(kind.keys for kind in our_kinds())):
        shape = inspect.type_info(table)
        assert isinstance(shape, inspect.StructType)
        for field in shape.fields:
            assert f"| `{field.name}` |" in page or f".{field.name}]" in page
    for limit in fields(Limits):
        assert f"| `{limit.name}` | {limit.default} |" in page


def test_every_setting_says_what_it_means() -> None:
    rows = [line for line in render_reference().splitlines() if line.startswith("| `")]
    assert [row for row in rows if not row.split(" | ")[-1].strip(" |")] == []


def test_the_page_holds_every_table() -> None:
    page = render_reference()
    assert [name for name in FileShape.__struct_fields__ if f"## `[{name}" not in page] == []
