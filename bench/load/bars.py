"""Draws bars as SVG on a logarithmic scale: small files whose changes can be read, and no library for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import Final

_WIDTH: Final = 760
_LEFT: Final = 230
_RIGHT: Final = 80
_TOP: Final = 58
_BOTTOM: Final = 34
_BAR: Final = 13
_FONT: Final = 'font-family="sans-serif" font-size="12"'
_GROUP_GAP: Final = 12
_COLOURS: Final = ("#9ec5ff", "#0b63ce", "#08306b")
_OTHERS: Final = ("#d4d4d8", "#8b8b94", "#52525b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One value with the lowest and the highest that were seen."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The bars of one subject, in the order of the names."""

    title: str
    is_ours: bool
    bars: Sequence[Bar]


def draw_bars(title: str, names: Sequence[str], groups: Sequence[Group]) -> str:
    """Return a chart of these groups; a whisker reaches from the lowest run to the highest."""
    values = [value for group in groups for bar in group.bars for value in (bar.low, bar.high) if value > 0]
    least, most = floor(log10(min(values))), ceil(log10(max(values)))
    height = _TOP + _BOTTOM + sum(len(group.bars) * _BAR + _GROUP_GAP for group in groups)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" {_FONT}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="22" font-size="14" font-weight="600">{escape(title)}</text>',
        *_legend(names),
        *_axis(least, most, height),
    ]
    top = _TOP
    for group in groups:
        parts += _group(group, top, least, most)
        top += len(group.bars) * _BAR + _GROUP_GAP
    return "\n".join([*parts, "</svg>"]) + "\n"


def _across(value: float, least: int, most: int) -> float:
    share = (log10(max(value, 10**least)) - least) / max(1, most - least)
    return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)


def _legend(names: Sequence[str]) -> list[str]:
    parts = []
    for place, name in enumerate(names):
        left = _LEFT + place * 150
        parts.append(f'<rect x="{left}" y="34" width="12" height="10" fill="{_COLOURS[place % len(_COLOURS)]}"/>')
        parts.append(f'<text x="{left + 18}" y="43">{escape(name)}</text>')
    return parts


def _axis(least: int, most: int, height: int) -> list[str]:
    parts = []
    for power in range(least, most + 1):
        x = _across(10**power, least, most)
        parts.append(f'<line x1="{x}" y1="{_TOP - 6}" x2="{x}" y2="{height - _BOTTOM}" stroke="#e4e4e7"/>')
        parts.append(f'<text x="{x}" y="{height - _BOTTOM + 18}" text-anchor="middle">{10**power:,}</text>')
    return parts


def _group(group: Group, top: int, least: int, most: int) -> list[str]:
    colours = _COLOURS if group.is_ours else _OTHERS
    middle = top + len(group.bars) * _BAR / 2 + 4
    weight = ' font-weight="600"' if group.is_ours else ""
    parts = [f'<text x="{_LEFT - 10}" y="{middle}" text-anchor="end"{weight}>{escape(group.title)}</text>']
    for place, bar in enumerate(group.bars):
        y, end = top + place * _BAR, _across(bar.middle, least, most)
        low, high = _across(bar.low, least, most), _across(bar.high, least, most)
        colour = colours[place % len(colours)]
        parts += [
            f'<rect x="{_LEFT}" y="{y}" width="{round(end - _LEFT, 1)}" height="{_BAR - 2}" fill="{colour}"/>',
            f'<line x1="{low}" y1="{y + 5}" x2="{high}" y2="{y + 5}" stroke="#18181b"/>',
            f'<text x="{max(end, high) + 5}" y="{y + 10}" font-size="10">{bar.middle:,.0f}</text>',
        ]
    return parts
