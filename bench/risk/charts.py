"""Draws curves as SVG: small files whose changes can be read, and no library for it."""

from collections.abc import Mapping, Sequence
from html import escape
from math import log10
from typing import Final

import numpy as np
from numpy.typing import NDArray

Points = Sequence[tuple[float, float]]

_WIDTH: Final = 640
_HEIGHT: Final = 400
_LEFT: Final = 64
_RIGHT: Final = 170
_TOP: Final = 36
_BOTTOM: Final = 48
_LEAST: Final = 0.001
"""Where the axis of challenged sign-ins begins; it is logarithmic."""
_COLOURS: Final = ("#0b63ce", "#0b8a4a", "#c2410c", "#7c3aed", "#6b7280", "#b91c1c")
_DASHES: Final = ("", "", "7 4", "2 3", "9 3 2 3", "4 4")


def caught_curve(legitimate: NDArray[np.float64], attackers: NDArray[np.float64]) -> Points:
    """Return pairs of the share of users challenged and of attackers caught, over all thresholds."""
    users, others = np.sort(legitimate), np.sort(attackers)
    thresholds = np.unique(
        np.concatenate([np.quantile(users, 1 - _shares()), np.quantile(others, np.linspace(0, 1, 40))])
    )
    challenged = 1 - np.searchsorted(users, thresholds, side="left") / len(users)
    caught = 1 - np.searchsorted(others, thresholds, side="left") / len(others)
    return [(float(x), float(y)) for x, y in zip(challenged, caught, strict=True)]


def draw(title: str, curves: Mapping[str, Points], across: str = "legitimate sign-ins challenged") -> str:
    """Return a chart of these curves: the legitimate who are challenged across, attackers caught upwards."""
    font = 'font-family="sans-serif" font-size="12"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" {font}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="20" font-size="14" fill="#111827">{escape(title)}</text>',
        *_axes(across),
        *(part for number, (name, points) in enumerate(curves.items()) for part in _curve(number, name, points)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _shares() -> NDArray[np.float64]:
    return np.logspace(log10(_LEAST), 0, 60)


def _x(share: float) -> float:
    inside = _WIDTH - _LEFT - _RIGHT
    return _LEFT + inside * (1 - log10(max(share, _LEAST)) / log10(_LEAST))


def _y(share: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share)


def _axes(across: str) -> list[str]:
    lines = []
    for share, text in ((0.001, "0.1 %"), (0.01, "1 %"), (0.1, "10 %"), (1.0, "100 %")):
        x = _x(share)
        lines.append(f'<path d="M{x:.1f} {_TOP}V{_HEIGHT - _BOTTOM}" stroke="#d1d5db"/>')
        lines.append(_text(x, _HEIGHT - _BOTTOM + 16, text, "middle"))
    for share in (0.0, 0.25, 0.5, 0.75, 0.9, 1.0):
        y = _y(share)
        lines.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#d1d5db"/>')
        lines.append(_text(_LEFT - 6, y + 4, f"{share:.0%}".replace("%", " %"), "end"))
    lines.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 12, across, "middle"))
    lines.append(_text(_LEFT - 6, _TOP - 8, "caught", "end"))
    return lines


def _curve(number: int, name: str, points: Points) -> list[str]:
    shown = sorted((x, y) for x, y in points if x >= _LEAST)
    colour = _COLOURS[number % len(_COLOURS)]
    path = "L".join(f"{_x(x):.1f} {_y(y):.1f}" for x, y in shown)
    stroke = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{_DASHES[number % len(_DASHES)]}" fill="none"'
    y = _TOP + 14 + 20 * number
    x = _WIDTH - _RIGHT + 10
    return [
        f'<path d="M{path}" {stroke}/>' if shown else "",
        f'<path d="M{x} {y - 4}h22" {stroke}/>',
        _text(x + 28, y, name, "start"),
    ]


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#374151">{escape(text)}</text>'
