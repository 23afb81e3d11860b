"""Writes what was measured as the part of a page: tables of figures, and the words that belong to them.

No measured number is typed here; what is typed are targets and what others have published.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isnan
from statistics import mean
from typing import Final

from bench.risk.attackers import (
    INSIDER,
    NAIVE,
    RESIDENTIAL,
    STOLEN_TOKEN,
    TAKEOVER,
    VPN,
)
from bench.risk.audit import GROUPS, ITS_KIND, TARGET
from bench.risk.charts import caught_curve, draw
from bench.risk.demands import Compared, comparisons, demands
from bench.risk.figure_tables import achieved_table, caught_table, challenged_table, short_table
from bench.risk.figures import CAUGHT_AT, CHALLENGED_AT
from bench.risk.freeman import FREEMAN
from bench.risk.further_tables import MODELS, depth_table, live_table, median_table, pooled_table
from bench.risk.measurement import Measurement, Panel, Plan
from bench.risk.page_parts import table
from bench.risk.page_words import (
    ABLATIONS,
    AGENTS,
    AUDIT,
    CALIBRATION,
    CARRIED,
    COMPARED,
    DEPTH,
    HEAD,
    LIMITS,
    LIVE,
    MAIN,
    MEDIAN,
    REASONS,
    RECALL,
    REPORTED_SEEDS,
    SHOWN,
    TUNING_SEEDS,
    WORSE,
)
from bench.risk.percents import point, span
from bench.risk.plain_models import DIRICHLET
from bench.risk.rounds import (
    BASELINES,
    OURS,
    OURS_TOKEN,
    PLAIN,
    TOKEN_BASELINES,
    TOKENS,
    label,
)
from bench.risk.watchword_model import WATCHWORD, WITH_DIRICHLET, WITHOUT_AGENTS, WITHOUT_LISTS, WITHOUT_PLACES

_TUNED_ON: Final = frozenset(range(100, 105))
_DRAWN: Final = (NAIVE, VPN, TAKEOVER, RESIDENTIAL)
_COMPETITORS: Final = (OURS, *BASELINES)
_TOKEN_COMPETITORS: Final = (OURS_TOKEN, *TOKEN_BASELINES)
_TAKEN_APART: Final = (
    (label(WATCHWORD, PLAIN), label(WATCHWORD, TOKENS)),
    (label(WITHOUT_LISTS, PLAIN), label(WITHOUT_LISTS, TOKENS)),
    (label(WITHOUT_PLACES, PLAIN), label(WITHOUT_PLACES, TOKENS)),
    (label(WITHOUT_AGENTS, PLAIN), label(WITHOUT_AGENTS, TOKENS)),
    (label(WITH_DIRICHLET, PLAIN), label(WITH_DIRICHLET, TOKENS)),
)


def sign_in_part(measurement: Measurement) -> str:
    """Return the part of the page about sign-ins."""
    return "\n".join(_sections(measurement))


def sign_in_charts(measurement: Measurement) -> Mapping[str, str]:
    """Return the charts by file name."""
    return {chart_name(attack): _chart(measurement.main, attack) for attack in _DRAWN}


def chart_name(attack: str) -> str:
    """Return the name of an attacker's chart."""
    return f"{attack.lower().replace(' ', '-')}.svg"


def _sections(measurement: Measurement) -> Iterator[str]:
    main = measurement.main
    yield _head(measurement.plan)
    yield SHOWN
    found = list(demands(main))
    yield table(
        ["", "asked", "measured", "verdict"], [[one.text, one.asked, one.measured, one.verdict] for one in found]
    )
    yield from _reasons([one.text for one in found if one.verdict != "met"])
    yield CALIBRATION
    yield _calibration_table(measurement)
    yield AUDIT
    yield _audit_table(measurement)
    yield MAIN
    yield from (f"![{attack}: caught against challenged](risk-quality/{chart_name(attack)})\n" for attack in _DRAWN)
    yield "Where 90 % are caught:\n"
    yield short_table(main, CHALLENGED_AT, 0.90, MODELS)
    yield RECALL
    yield achieved_table(main, (OURS, OURS_TOKEN, *BASELINES, TOKEN_BASELINES[2]))
    yield "Caught at 1 %:\n"
    yield short_table(main, CAUGHT_AT, 0.01, MODELS)
    yield from _compared(main)
    yield MEDIAN
    yield median_table(main)
    yield DEPTH
    yield depth_table(main)
    yield "Challenged where 90 % are caught, with first sign-ins among users and victims:\n"
    yield pooled_table(main)
    yield ABLATIONS
    yield _ablation_table(main)
    yield AGENTS.format(side=measurement.plan.side_seeds)
    yield short_table(measurement.realistic, CHALLENGED_AT, 0.90, MODELS)
    yield LIVE.format(side=measurement.plan.side_seeds)
    yield live_table(measurement)
    yield LIMITS
    yield "### All figures\n"
    for names, text in ((_COMPETITORS, "without device tokens"), (_TOKEN_COMPETITORS, "with device tokens")):
        yield f"Legitimate sign-ins challenged, {text}:\n"
        yield challenged_table(main, names)
        yield f"Attackers caught, {text}:\n"
        yield caught_table(main, names)


def _head(plan: Plan) -> str:
    words = TUNING_SEEDS if _TUNED_ON & set(plan.seeds) else REPORTED_SEEDS
    return HEAD.format(
        seeds=words.format(seeds=", ".join(map(str, plan.seeds))),
        users=f"{plan.users:,}",
        each=f"{plan.each:,}",
        draws=f"{plan.draws:,}",
    )


def _reasons(missed: Sequence[str]) -> Iterator[str]:
    for attack, words in REASONS.items():
        if any(f" {attack}:" in text for text in missed):
            yield words


def _calibration_table(measurement: Measurement) -> str:
    rows = []
    for same in zip(*measurement.calibrations, strict=True):
        middle = replace(same[0], value=mean(one.value for one in same))
        rows.append([middle.name, middle.target, middle.measured])
    return table(["quantity", "published", "made"], rows)


def _audit_table(measurement: Measurement) -> str:
    rows = [[attack, *(_audited(measurement, attack, group) for group in GROUPS)] for attack in ITS_KIND]
    return table(["attacker", *GROUPS], rows)


def _audited(measurement: Measurement, attack: str, group: str) -> str:
    if group in ITS_KIND[attack]:
        return "its kind"
    area = measurement.audit.get((attack, group), float("nan"))
    if isnan(area):
        return "too few"
    return f"{area:.3f}" if area <= TARGET else f"**{area:.3f}**"


def _compared(main: Panel) -> Iterator[str]:
    yield COMPARED
    compared, carried = list(comparisons(main)), list(comparisons(main, (CAUGHT_AT,)))
    worse = [one for one in compared if one.is_worse]
    yield _compared_table(worse, len(compared))
    yield CARRIED.format(worse=sum(one.is_worse for one in carried), total=len(carried))
    yield from (words for attack, words in WORSE.items() if any(one.key[0] == attack for one in worse))


def _compared_table(worse: Sequence[Compared], total: int) -> str:
    rows = [
        [one.ours, one.key[0], f"{one.key[1].split(' ')[0]} at {point(one.key[2])}", one.rival, one.difference]
        for one in worse
    ]
    if not rows:
        return f"None of {total} is worse.\n"
    heads = ["worse than the best baseline", "attacker", "figure", "baseline", "difference in points"]
    return table(heads, rows)


def _ablation_table(panel: Panel) -> str:
    rows = []
    for attack in (NAIVE, VPN, TAKEOVER, RESIDENTIAL, STOLEN_TOKEN, INSIDER):
        key = (attack, CHALLENGED_AT, 0.90)
        for plain, token in _TAKEN_APART:
            rows.append([attack, plain, *(span(panel.figures[name].interval(key)) for name in (plain, token))])
    return table(["attacker", "", "without token", "with token"], rows)


def _chart(panel: Panel, attack: str) -> str:
    curves = {}
    for name in (OURS, OURS_TOKEN, FREEMAN, DIRICHLET):
        scores = panel.scores[name]
        tested = scores.where((scores.depth > 0) & (scores.day >= panel.split.test_from))
        column = tested.of(name)
        curves[name] = caught_curve(column[tested.attack == ""], column[tested.attack == attack])
    return draw(f"{attack} (synthetic traffic)", curves)
