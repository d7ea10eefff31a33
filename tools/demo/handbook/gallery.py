"""Which function draws which figure."""

from __future__ import annotations

from collections.abc import Callable

from reportlab.graphics.shapes import Drawing

from tools.demo.handbook import charts, diagrams, diagrams_moon, diagrams_orbits, pictures
from tools.demo.handbook.pictures import Art


def _vector(draw: Callable[[], Drawing]) -> Callable[[], Art]:
    return lambda: Art(draw())


ART: dict[str, Callable[[], Art]] = {
    "mass-shares": _vector(charts.mass_shares),
    "planet-formation": _vector(diagrams.planet_formation),
    "planet-radii": _vector(charts.planet_radii),
    "atmospheres": _vector(charts.atmospheres),
    "mars-globe": pictures.mars_picture,
    "ellipse": _vector(diagrams_orbits.ellipse_anatomy),
    "kepler": _vector(charts.kepler_third_law),
    "seasons": _vector(diagrams_orbits.seasons),
    "day-lengths": _vector(charts.day_lengths),
    "insolation": pictures.insolation_picture,
    "moon-phases": pictures.phases_picture,
    "eclipses": _vector(diagrams_moon.eclipses),
    "tides": _vector(diagrams_moon.tides),
    "comet-tails": _vector(diagrams_orbits.comet_tails),
    "crater-field": pictures.crater_picture,
    "crater-profiles": _vector(diagrams.crater_profiles),
    "hohmann": _vector(diagrams_orbits.hohmann_transfer),
    "sunlight": _vector(charts.sunlight_by_distance),
    "mission-planning": _vector(diagrams.mission_planning),
}
