"""Lines of keys: found in every form that TOML allows, and never in a comment or inside a text."""

import pytest

from watchword.config.key_lines import KeyLines, KeyPath

TEXT = '''\
# port = 1
[server]  # [applications.wrong]
"port" = 8000
host = """
port = 2
[log]
"""
sub.key = 1
[ applications . "shop" ]
name = "a # b = c"
list = [
  "mode = 3",
]
mode = "test"
[applications.shop.limits]
lifetime_s = 60
[[rows]]
a = 1
[[rows]]
a = 2
[rows.inner]
b = 3
[[rows.deep]]
c = 4
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("server",), 2),
        (("server", "port"), 3),
        (("server", "host"), 4),
        (("server", "sub", "key"), 8),
        (("server", "sub"), 8),
        (("applications",), 9),
        (("applications", "shop", "name"), 10),
        (("applications", "shop", "mode"), 14),
        (("applications", "shop", "missing"), 9),
        (("applications", "shop", "limits", "lifetime_s"), 16),
        (("applications", "shop", "limits", "missing"), 15),
        (("rows",), 17),
        (("rows", "1", "a"), 18),
        (("rows", "2", "a"), 20),
        (("rows", "2", "inner", "b"), 22),
        (("rows", "2", "deep", "1", "c"), 24),
        (("rows", "3", "a"), 17),
        (("log",), 1),
        ((), 1),
    ],
)
def test_a_key_is_found_on_its_line(path: KeyPath, line: int) -> None:
    assert KeyLines(TEXT).of(path) == line


def test_a_key_in_an_inline_table_has_the_line_of_the_table() -> None:
    assert KeyLines("\nsenders = { sms = 1 }\n").of(("senders", "sms")) == 2
