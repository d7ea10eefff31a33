"""The handbook's tables, with ruled lines and computed columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reportlab.lib.colors import white

from tools.demo.handbook import palette
from tools.demo.handbook.almanac import (
    CONSTANTS,
    ECLIPSES,
    PLANETS,
    YEAR_DAYS,
    hohmann_years,
    synodic_years,
)
from tools.demo.handbook.layout import MarkedTable, Recorder

Rows = list[list[str]]


def four_digits(value: float) -> str:
    """Four significant digits at most, three after the point for small values: 0.387, 19.19."""
    return f"{value:.3f}" if value < 10 else f"{value:.4g}"


def planet_rows() -> Rows:
    """Radius, mass, density, rotation, temperature and known moons."""
    head = [
        "Planet",
        "Mean radius\n(km)",
        "Mass\n(Earth = 1)",
        "Density\n(kg/m\N{SUPERSCRIPT THREE})",
    ]
    head += ["Rotation", "Mean temp.\n(\N{DEGREE SIGN}C)", "Moons\n(mid-2025)"]
    body = [
        [
            p.name,
            f"{p.radius:,.0f}",
            f"{p.mass:g}",
            f"{p.density:,}",
            p.day,
            f"{p.temperature}",
            f"{p.moons}",
        ]
        for p in PLANETS
    ]
    return [head, *body]


def orbit_rows() -> Rows:
    """Axis, period and eccentricity, with the ratio that Kepler's third law sets to 1."""
    ratio = "a\N{SUPERSCRIPT THREE} / T\N{SUPERSCRIPT TWO}"
    head = ["Planet", "Semi-major axis\na (au)", "Period T\n(years)", "Eccentricity", ratio]
    body = []
    for p in PLANETS:
        elements = [four_digits(p.axis), four_digits(p.period), f"{p.eccentricity:.3f}"]
        body.append([p.name, *elements, f"{p.axis**3 / p.period**2:.3f}"])
    return [head, *body]


def eclipse_rows() -> Rows:
    """Dates, longest totality and tracks of total solar eclipses."""
    head = ["Date", "Longest totality", "Where it is total"]
    return [head, *([e.date, e.longest, e.track] for e in ECLIPSES)]


def window_rows() -> Rows:
    """Transfer times and the interval between launch windows."""
    head = ["To", "Flight time", "Window opens every"]
    body = []
    for planet in PLANETS:
        if planet.name == "Earth":
            continue
        flight = hohmann_years(planet.axis)
        days = f"{flight * YEAR_DAYS:.0f} days" if flight < 2 else f"{flight:.1f} years"
        body.append([planet.name, days, f"{synodic_years(planet.period) * YEAR_DAYS:.0f} days"])
    return [head, *body]


def constant_rows() -> Rows:
    """Constants with their values and remarks."""
    return [["Quantity", "Value", "Remark"], *(list(row) for row in CONSTANTS)]


ROWS: dict[str, Callable[[], Rows]] = {
    "planets": planet_rows,
    "orbits": orbit_rows,
    "solar-eclipses": eclipse_rows,
    "windows": window_rows,
    "constants": constant_rows,
}
WIDTHS: dict[str, Sequence[float]] = {
    "planets": (62, 68, 66, 62, 64, 68, 68),
    "orbits": (70, 92, 76, 76, 76),
    "solar-eclipses": (104, 92, 220),
    "windows": (90, 100, 120),
    "constants": (150, 104, 178),
}


WORDY = frozenset({"solar-eclipses", "constants"})


def table(key: str, recorder: Recorder) -> MarkedTable:
    """The table with this key, ready to be placed."""
    grid = MarkedTable(ROWS[key](), colWidths=list(WIDTHS[key]), hAlign="CENTER", repeatRows=1)
    grid.key, grid.recorder = key, recorder
    grid.setStyle(
        [
            ("FONT", (0, 0), (-1, -1), palette.SANS, 8.6),
            ("LEADING", (0, 0), (-1, -1), 10.5),
            ("FONT", (0, 0), (-1, 0), palette.SANS_BOLD, 8.2),
            ("TEXTCOLOR", (0, 0), (-1, -1), palette.INK),
            ("TEXTCOLOR", (0, 0), (-1, 0), white),
            ("BACKGROUND", (0, 0), (-1, 0), palette.ACCENT),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("ALIGN", (1, 0), (-1, -1), "LEFT" if key in WORDY else "CENTER"),
            ("GRID", (0, 0), (-1, -1), 0.5, palette.RULE),
            ("TOPPADDING", (0, 0), (-1, -1), 1.8),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
        ]
    )
    return grid
