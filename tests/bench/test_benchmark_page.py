"""What the page of the benchmarks says of what was measured, and what is kept of a run that was cut off."""

from pathlib import Path
from typing import Any

from bench.load.bars import Bar, Group, draw_bars
from bench.load.benchmark_page import Found, write_page
from bench.load.results import Results

RUN = {
    "date": "1 May 2026",
    "short": "abc1234",
    "machine": "2 cores",
    "kernel": "6.1",
    "minutes": 20,
    "runs": 3,
    "measured_s": 4.0,
    "postgres": "16.1",
}


def _record(key: str, title: str, rates: tuple[float, ...], p99_ms: float = 9.0) -> dict[str, Any]:
    runs = [
        {
            "connections": 64,
            "per_second": rate,
            "errors": 0,
            "start_p50_ms": 4.0,
            "start_p99_ms": 9.0,
            "check_p50_ms": 3.0,
            "check_p99_ms": p99_ms,
            "code_p50_ms": 1.0,
            "cpu_ms": 0.5,
            "database_cpu_ms": 0.0,
            "driver_share": 0.1,
            "resident_mb": [70.0],
            "written_bytes": 4_096.0,
        }
        for rate in rates
    ]
    return {"key": key, "title": title, "settings": "s", "versions": "v", "runs": runs, "statements": 4.0}


def _page(folder: Path, *subjects: dict[str, Any], soak: dict[str, Any] | None = None) -> str:
    found = Found(run=RUN, subjects=subjects, allows=[], populations=[], pgbench=None, cold_starts=[], soak=soak)
    path = folder / "benchmarks.md"
    write_page(found, path)
    assert (folder / "benchmarks" / "cycles.svg").read_text().startswith("<svg")
    return path.read_text()


def test_a_row_shows_the_median_with_the_lowest_and_the_highest_run(tmp_path: Path) -> None:
    page = _page(tmp_path, _record("watchword-sqlite", "Watchword, SQLite", (900.0, 1_100.0, 1_000.0)))
    assert "| Watchword, SQLite | 1,000 (900 to 1,100) |" in page


def test_what_is_reached_is_called_met_and_what_is_not_is_called_missed(tmp_path: Path) -> None:
    peer = _record("better-auth-sqlite", "better-auth, SQLite", (100.0,))
    good = _page(tmp_path, _record("watchword-sqlite", "Watchword, SQLite", (800.0,)), peer)
    assert "8 times better-auth, SQLite | 800 to 100 | 8.00 | met |" in good
    bad = _page(tmp_path, _record("watchword-sqlite", "Watchword, SQLite", (790.0,), p99_ms=9.1), peer)
    assert "| 790 to 100 | 7.90 | **missed** |" in bad
    assert "| 9.1 ms to 3.0 ms | 3.03 | **missed** |" in bad


def test_memory_that_grew_is_missed(tmp_path: Path) -> None:
    soak = {
        "minutes": 10.0,
        "title": "W",
        "commit": "a" * 40,
        "cycles": 5,
        "errors": 0,
        "minute_mb": 80.0,
        "end_mb": 90.0,
    }
    page = _page(tmp_path, _record("watchword-sqlite", "Watchword, SQLite", (1.0,)), soak=soak)
    assert "+12.5% (**missed**: within 10%; met: under 150 MB)" in page


def test_bars_grow_with_what_they_show() -> None:
    groups = [
        Group(title="<a>", is_ours=True, bars=[Bar(middle=1_000, low=900, high=1_100)]),
        Group(title="b", is_ours=False, bars=[Bar(middle=10, low=9, high=11)]),
    ]
    drawn = draw_bars("t", ["1"], groups)
    widths = [float(part.split('"')[0]) for part in drawn.split(' width="')[1:]]
    assert widths[-2] > widths[-1]
    assert "&lt;a&gt;" in drawn


def test_a_run_goes_on_where_it_was_cut_off_and_begins_anew_after_its_end(tmp_path: Path) -> None:
    results = Results(folder=tmp_path / "results")
    results.begin({"commit": "a"})
    results.keep("one", {"value": 1})
    results.begin({"commit": "a"})
    assert results.kept("one") == {"value": 1}
    results.finish()
    results.begin({"commit": "a"})
    assert results.kept("one") is None


def test_what_another_commit_left_is_forgotten(tmp_path: Path) -> None:
    results = Results(folder=tmp_path / "results")
    results.begin({"commit": "a"})
    results.keep("one", {"value": 1})
    results.begin({"commit": "b"})
    assert results.kept("one") is None
