"""The page: one part is replaced and the others stay, and every figure in it was measured."""

from pathlib import Path

import pytest
from rich.console import Console

from bench.risk.charts import caught_curve, draw
from bench.risk.measurement import Measurement, Plan, run
from bench.risk.page import sign_in_charts, sign_in_part
from bench.risk.page_parts import table, write_part
from bench.risk.percents import percent, span
from bench.risk.resampling import Interval


@pytest.fixture(scope="module")
def measurement() -> Measurement:
    plan = Plan(seeds=(7,), side_seeds=1, users=400, each=40, draws=10, poisoners=5, processes=1)
    return run(plan, Console(quiet=True))


def test_a_part_is_replaced_and_the_rest_of_the_page_stays(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "page.md"
    write_part(page, "Title", "one", "first")
    write_part(page, "Title", "two", "second")
    page.write_text(page.read_text() + "\nBy hand.\n")
    write_part(page, "Another title", "one", "changed")
    assert page.read_text() == (
        "# Title\n\n<!-- part: one -->\nchanged\n<!-- end: one -->\n\n"
        "<!-- part: two -->\nsecond\n<!-- end: two -->\n\nBy hand.\n"
    )


def test_a_table_has_its_numbers_to_the_right() -> None:
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |\n"


def test_shares_are_written_as_percentages_with_their_interval() -> None:
    assert [percent(share) for share in (0.1234, 0.0051, 0.0, 1.0, float("nan"))] == [
        "12.3 %",
        "0.51 %",
        "0.0 %",
        "100.0 %",
        "–",
    ]
    assert span(Interval(value=0.5, low=0.4, high=0.6)) == "50.0 % [40.0–60.0]"


def test_the_page_says_that_it_is_synthetic_and_shows_everything(measurement: Measurement) -> None:
    page = sign_in_part(measurement)
    assert "**Every figure of this part is synthetic.**" in page
    for head in ("What was asked", "fingerprints", "like the real one", "By history", "All figures", "cannot say"):
        assert head in page
    assert "nan" not in page.replace("financ", "")
    assert "seeds 7, which" in page


def test_every_chart_that_the_page_shows_is_drawn(measurement: Measurement) -> None:
    page, charts = sign_in_part(measurement), sign_in_charts(measurement)
    assert charts
    assert all(f"(risk-quality/{name})" in page for name in charts)
    assert all(chart.startswith("<svg") and "NaN" not in chart and "nan" not in chart for chart in charts.values())


def test_a_curve_goes_from_nobody_to_everybody(measurement: Measurement) -> None:
    scores = measurement.main.scores["Watchword"]
    points = caught_curve(scores.of("Watchword"), scores.of("Watchword"))
    assert all(abs(challenged - caught) < 1e-9 for challenged, caught in points)
    assert draw("a < b", {"both": points}).count("a &lt; b") == 2
