"""The numbers the handbook prints: planets, eclipses, and the formulas behind its charts.

Radii, masses, densities and mean orbital elements are the values of the NASA planetary fact
sheets and the JPL table of mean elements (J2000), rounded to the digits shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SOLAR_CONSTANT = 1361.0
"""Sunlight at 1 au in watts per square metre."""
YEAR_DAYS = 365.25
EARTH_TILT_DEGREES = 23.44


@dataclass(frozen=True)
class Planet:
    """One planet; radius in km, mass in Earths, density in kg per cubic metre, day in hours.

    Example:
        >>> PLANETS[3].name
        'Mars'
    """

    name: str
    radius: float
    mass: float
    density: int
    day: str
    temperature: int
    moons: int
    axis: float
    period: float
    eccentricity: float


PLANETS = (
    Planet("Mercury", 2440, 0.055, 5429, "58.6 d", 167, 0, 0.387, 0.2408, 0.206),
    Planet("Venus", 6052, 0.815, 5243, "243 d (r)", 464, 0, 0.723, 0.6152, 0.007),
    Planet("Earth", 6371, 1.0, 5513, "23.9 h", 15, 1, 1.0, 1.0, 0.017),
    Planet("Mars", 3390, 0.107, 3934, "24.6 h", -65, 2, 1.524, 1.881, 0.093),
    Planet("Jupiter", 69911, 317.8, 1326, "9.9 h", -110, 97, 5.203, 11.86, 0.048),
    Planet("Saturn", 58232, 95.2, 687, "10.7 h", -140, 274, 9.537, 29.45, 0.054),
    Planet("Uranus", 25362, 14.5, 1270, "17.2 h (r)", -195, 28, 19.19, 84.02, 0.047),
    Planet("Neptune", 24622, 17.1, 1638, "16.1 h", -200, 16, 30.07, 164.8, 0.009),
)


@dataclass(frozen=True)
class Eclipse:
    """A total solar eclipse: date, longest totality in minutes and seconds, and its track.

    Example:
        >>> ECLIPSES[0].longest
        '2 min 18 s'
    """

    date: str
    longest: str
    track: str


ECLIPSES = (
    Eclipse("12 August 2026", "2 min 18 s", "Greenland, Iceland, northern Spain"),
    Eclipse("2 August 2027", "6 min 23 s", "Southern Spain, North Africa, Arabia"),
    Eclipse("22 July 2028", "5 min 10 s", "Australia, New Zealand"),
    Eclipse("25 November 2030", "3 min 44 s", "Southern Africa, Australia"),
    Eclipse("30 March 2033", "2 min 37 s", "Alaska"),
    Eclipse("20 March 2034", "4 min 09 s", "Central Africa, Egypt, Iran, northern India"),
)


CONSTANTS = (
    ("Astronomical unit", "149,597,870.7 km", "by definition"),
    ("Speed of light", "299,792.458 km/s", "by definition"),
    ("Light from the Sun to the Earth", "8 min 19 s", "over one astronomical unit"),
    ("Solar constant", "1,361 W/m\N{SUPERSCRIPT TWO}", "above the air, at one astronomical unit"),
    ("Mass of the Sun", "332,946 Earths", "1,047 times that of Jupiter"),
    ("Speed of the Earth in its orbit", "29.8 km/s", "mean over the year"),
    ("Escape speed from the Earth", "11.2 km/s", "at the surface, without air"),
    (
        "Tilt of the Earth's axis",
        "23.44\N{DEGREE SIGN}",
        "swings by 2.4\N{DEGREE SIGN} in 41,000 years",
    ),
    ("Julian year", "365.25 days", "of 86,400 seconds"),
)


def planet(name: str) -> Planet:
    """The planet with this name; KeyError when there is none."""
    return {item.name: item for item in PLANETS}[name]


def solar_flux(distance: float) -> float:
    """Sunlight in W per square metre at `distance` au, by the inverse square law."""
    return SOLAR_CONSTANT / distance**2


def hohmann_years(axis: float) -> float:
    """Flight time in years of a Hohmann transfer from Earth's orbit to one of radius `axis` au.

    Half the period of an ellipse whose long axis spans both orbits (Kepler's third law).
    """
    return 0.5 * math.pow((1.0 + axis) / 2.0, 1.5)


def synodic_years(period: float) -> float:
    """Years between two like alignments of Earth and a planet with this period in years."""
    return 1.0 / abs(1.0 - 1.0 / period)


def declination(day: float) -> float:
    """The Sun's declination in radians on a day of the year (1 = 1 January).

    A circular-orbit approximation, good to about one degree.
    """
    return math.radians(-EARTH_TILT_DEGREES) * math.cos(2 * math.pi * (day + 10) / YEAR_DAYS)


def half_day_angle(latitude: float, day: float) -> float:
    """Hour angle of sunset in radians: 0 in the polar night, pi under the midnight Sun."""
    cosine = -math.tan(math.radians(latitude)) * math.tan(declination(day))
    return math.acos(max(-1.0, min(1.0, cosine)))


def day_length(latitude: float, day: float) -> float:
    """Hours from sunrise to sunset of the Sun's centre, without refraction."""
    return 24.0 * half_day_angle(latitude, day) / math.pi


def insolation(latitude: float, day: float) -> float:
    """Mean sunlight over 24 hours above the atmosphere, in W per square metre.

    The usual daily-mean formula (for instance Hartmann, Global Physical Climatology, ch. 2),
    with the Sun's distance varying by 1.7 per cent around perihelion on 3 January.
    """
    phi, delta, sunset = math.radians(latitude), declination(day), half_day_angle(latitude, day)
    distance = 1.0 - 0.0167 * math.cos(2 * math.pi * (day - 3) / YEAR_DAYS)
    height = sunset * math.sin(phi) * math.sin(delta)
    height += math.cos(phi) * math.cos(delta) * math.sin(sunset)
    return SOLAR_CONSTANT / math.pi / distance**2 * height
