"""The figures and tables of the handbook, and questions with their one right place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FigureEntry:
    """What a figure is called and what it is; `kind` names the sort of picture.

    Example:
        >>> FIGURES["planet-radii"].medium
        'vector'
    """

    caption: str
    kind: str
    medium: str


FIGURES: dict[str, FigureEntry] = {
    "mass-shares": FigureEntry(
        "How the mass of the planets is shared. Jupiter alone outweighs all the others together.",
        "pie chart",
        "vector",
    ),
    "planet-formation": FigureEntry(
        "From a collapsing cloud to planets, in six steps.", "flow diagram", "vector"
    ),
    "planet-radii": FigureEntry(
        "Mean radii of the eight planets, in kilometres.", "bar chart", "vector"
    ),
    "atmospheres": FigureEntry(
        "Gases in the air of Venus, Earth and Mars, in per cent by volume.",
        "stacked bar chart",
        "vector",
    ),
    "mars-globe": FigureEntry(
        "Mars as a globe, computed from noise: rusty plains, dark highlands, a white polar cap.",
        "rendered globe",
        "bitmap",
    ),
    "ellipse": FigureEntry(
        "An elliptical orbit. The Sun stands in one focus; the two shaded areas are swept in "
        "equal times.",
        "orbit diagram",
        "vector",
    ),
    "kepler": FigureEntry(
        "Kepler's third law: orbital period against distance from the Sun, both on logarithmic "
        "scales.",
        "scatter plot",
        "vector",
    ),
    "seasons": FigureEntry(
        "Why there are seasons: the Earth's axis keeps its direction all year round.",
        "diagram",
        "vector",
    ),
    "day-lengths": FigureEntry(
        "Hours of daylight through the year at four latitudes.", "line chart", "vector"
    ),
    "insolation": FigureEntry(
        "Sunlight above the air by latitude and month, averaged over each day.",
        "heat map",
        "mixed",
    ),
    "moon-phases": FigureEntry(
        "The eight phases of the Moon, as seen from the northern hemisphere.",
        "rendered picture",
        "bitmap",
    ),
    "eclipses": FigureEntry(
        "Geometry of a solar and a lunar eclipse (not to scale).", "diagram", "vector"
    ),
    "tides": FigureEntry(
        "Spring and neap tides: the pull of the Sun adds to that of the Moon or works across it.",
        "diagram",
        "vector",
    ),
    "comet-tails": FigureEntry(
        "A comet grows its tails near the Sun, and they point away from it.",
        "orbit diagram",
        "vector",
    ),
    "crater-field": FigureEntry(
        "A synthetic plain of impact craters, lit by a low Sun from the left.",
        "rendered relief",
        "mixed",
    ),
    "crater-profiles": FigureEntry(
        "Cross-sections of a small and of a large impact crater.", "diagram", "vector"
    ),
    "hohmann": FigureEntry(
        "A Hohmann transfer from the Earth to Mars: half an ellipse that touches both orbits.",
        "orbit diagram",
        "vector",
    ),
    "sunlight": FigureEntry(
        "Sunlight falls with the square of the distance from the Sun.", "line chart", "vector"
    ),
    "mission-planning": FigureEntry(
        "How a space mission is planned and flown.", "flow diagram", "vector"
    ),
}

TABLES: dict[str, str] = {
    "planets": "The planets in numbers. Days marked (r) are retrograde.",
    "orbits": "Orbits of the planets, and a check of Kepler's third law.",
    "solar-eclipses": "Total eclipses of the Sun from 2026 to 2034.",
    "windows": "Minimum-energy flights from the Earth, and how often they can start.",
    "constants": "A few constants of astronomy.",
}


@dataclass(frozen=True)
class Question:
    """A natural question; `place` is a figure or table key, or None when prose answers it.

    `answer` must be printed in the section named, in its prose, caption or table.

    Example:
        >>> QUESTIONS[0].section
        '1.1'
    """

    text: str
    section: str
    answer: str
    place: str | None = None


QUESTIONS = (
    Question("How much of the mass of the Solar System is in the Sun?", "1.1", "99.86 per cent"),
    Question("pie chart of the masses of the planets", "1.1", "How the mass", "mass-shares"),
    Question("How did the planets form?", "1.2", "six steps", "planet-formation"),
    Question("bar chart of planet radii", "2.1", "Mean radii", "planet-radii"),
    Question("Which planet has the lowest density?", "2.2", "lowest density"),
    Question("Which planet is the hottest?", "2.3", "hottest planet"),
    Question("What is the air of Mars made of?", "2.3", "Gases in the air", "atmospheres"),
    Question("picture of the red planet with a white polar cap", "2.3", "polar cap", "mars-globe"),
    Question("How tall is Olympus Mons?", "2.3", "Olympus Mons"),
    Question("How many moons does Saturn have?", "2.4", "274"),
    Question("How long is a year on Mars?", "3.2", "687 days"),
    Question("scatter plot of period against distance", "3.2", "Kepler's third law", "kepler"),
    Question(
        "diagram of an elliptical orbit with perihelion and aphelion",
        "3.1",
        "An elliptical orbit",
        "ellipse",
    ),
    Question(
        "table of orbital periods and semi-major axes", "3.2", "Orbits of the planets", "orbits"
    ),
    Question("Why do we have seasons?", "4.1", "Why there are seasons", "seasons"),
    Question("When is the Earth closest to the Sun?", "4.1", "3 January"),
    Question(
        "daylight hours at different latitudes through the year",
        "4.2",
        "Hours of daylight",
        "day-lengths",
    ),
    Question(
        "heat map of sunlight by latitude and month", "4.2", "Sunlight above the air", "insolation"
    ),
    Question("phases of the Moon", "5.1", "eight phases", "moon-phases"),
    Question("How long is it from one new Moon to the next?", "5.1", "29.53 days"),
    Question("Why isn't there an eclipse every month?", "5.2", "tilted by 5.1"),
    Question("diagram of umbra and penumbra", "5.2", "lunar eclipse", "eclipses"),
    Question(
        "When is the next total solar eclipse in Spain?", "5.2", "12 August 2026", "solar-eclipses"
    ),
    Question("What are spring and neap tides?", "5.3", "Spring and neap tides", "tides"),
    Question("Which way does a comet's tail point?", "6.2", "away from it", "comet-tails"),
    Question("When does Halley's comet come back?", "6.2", "July 2061"),
    Question("cratered landscape", "6.3", "synthetic plain", "crater-field"),
    Question("What killed the dinosaurs?", "6.3", "Chicxulub"),
    Question(
        "difference between simple and complex craters", "6.3", "Cross-sections", "crater-profiles"
    ),
    Question("What is a Hohmann transfer?", "7.1", "Hohmann transfer", "hohmann"),
    Question("How often does the launch window to Mars open?", "7.1", "26 months"),
    Question(
        "sunlight against distance from the Sun, line chart", "7.2", "Sunlight falls", "sunlight"
    ),
    Question("How large are Juno's solar arrays?", "7.2", "60 square metres"),
    Question("How is a space mission planned?", "7.3", "planned and flown", "mission-planning"),
    Question("How long does light take from the Sun to the Earth?", "9", "8 min 19 s", "constants"),
)
