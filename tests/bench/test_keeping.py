"""What a round came to is kept, and played again where anything about it changed."""

from pathlib import Path

from bench.risk.keeping import kept

DONE: list[int] = []


def _double(number: int) -> int:
    DONE.append(number)
    return 2 * number


def test_the_same_work_is_done_once(tmp_path: Path) -> None:
    DONE.clear()
    assert [kept(tmp_path / "new", _double, (number,)) for number in (3, 3, 4, 3)] == [6, 6, 8, 6]
    assert DONE == [3, 4]


def test_half_a_result_is_none(tmp_path: Path) -> None:
    kept(tmp_path, _double, (5,))
    (path,) = tmp_path.iterdir()
    path.rename(path.with_suffix(".unfinished"))
    DONE.clear()
    assert kept(tmp_path, _double, (5,)) == 10
    assert DONE == [5]
