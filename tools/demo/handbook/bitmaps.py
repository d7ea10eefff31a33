"""The handbook's bitmaps, computed with numpy from fixed seeds: Moon, Mars, craters, sunlight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tools.demo.handbook.almanac import insolation

Field = NDArray[np.float64]

PHASES = (
    "New Moon",
    "Waxing crescent",
    "First quarter",
    "Waxing gibbous",
    "Full Moon",
    "Waning gibbous",
    "Last quarter",
    "Waning crescent",
)


def fractal_noise(shape: tuple[int, int], cells: int, rng: np.random.Generator) -> Field:
    """Smooth noise in 0 to 1: five octaves of random grids, each half as strong as the last."""
    total = np.zeros(shape)
    for octave in range(5):
        side = cells * 2**octave
        grid = rng.random((side + 1, side + 1)).astype(np.float32)
        smooth = Image.fromarray(grid).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
        total += np.asarray(smooth, dtype=np.float64) / 2**octave
    low, high = total.min(), total.max()
    return np.asarray((total - low) / (high - low))


@dataclass(frozen=True)
class Ball:
    """The visible half of a sphere in a square image: unit normals, radius share, and cover.

    Example:
        >>> Ball.of(64).z.shape
        (64, 64)
    """

    x: Field
    y: Field
    z: Field
    cover: Field

    @classmethod
    def of(cls, side: int) -> Ball:
        """A ball that fills 96 per cent of an image of `side` pixels, with a soft edge."""
        axis = (np.arange(side) + 0.5) / side * 2 - 1
        x, y = np.meshgrid(axis / 0.96, -axis / 0.96)
        radius = np.hypot(x, y)
        cover = np.clip((1.0 - radius) * side * 0.48 + 0.5, 0, 1)
        return cls(x, y, np.sqrt(np.clip(1 - radius**2, 0, 1)), cover)

    def lit_from(self, direction: tuple[float, float, float]) -> Field:
        """Lambert shading by a distant light; 0 on the night side."""
        light = np.asarray(direction) / np.linalg.norm(direction)
        return np.asarray(np.clip(self.x * light[0] + self.y * light[1] + self.z * light[2], 0, 1))

    def wrap(self, texture: Field) -> Field:
        """A texture of longitude by latitude as seen on the ball, squeezed towards the limb."""
        rows = (0.5 - np.arcsin(np.clip(self.y, -1, 1)) / np.pi) * (texture.shape[0] - 1)
        columns = (0.5 + np.arctan2(self.x, self.z + 1e-9) / np.pi) * (texture.shape[1] - 1)
        return np.asarray(texture[rows.astype(int), columns.astype(int)])


def _bytes(field: Field) -> NDArray[np.uint8]:
    return np.asarray(np.clip(field * 255 + 0.5, 0, 255), dtype=np.uint8)


def moon_surface(ball: Ball) -> Field:
    """Brightness of the Moon: dark seas in the lowlands of a noise field, small bright craters."""
    rng = np.random.default_rng(1969)
    texture = fractal_noise((512, 512), 3, rng)
    grain = fractal_noise((512, 512), 24, rng)
    seas = 1 / (1 + np.exp(-(texture - 0.47) * 22))
    return ball.wrap(0.48 + 0.38 * seas + 0.22 * (grain - 0.5))


def moon_phases(side: int = 190) -> Image.Image:
    """Eight phases of the Moon with their names, on a night sky, as seen from the north."""
    ball = Ball.of(side)
    surface = moon_surface(ball)
    cell_width, cell_height = side + 100, side + 66
    sheet = np.full((2 * cell_height, 4 * cell_width), 0.06)
    for index in range(8):
        row, column = divmod(index, 4)
        top, left = row * cell_height + 16, column * cell_width + 50
        angle = 2 * np.pi * index / 8
        light = (float(np.sin(angle)), 0.0, -float(np.cos(angle)))
        shade = 0.035 + 0.98 * ball.lit_from(light) ** 0.7
        part = sheet[top : top + side, left : left + side]
        part[:] = part * (1 - ball.cover) + surface * shade * ball.cover
    return _with_names(Image.fromarray(_bytes(sheet)), cell_width, cell_height)


def _with_names(sheet: Image.Image, cell_width: int, cell_height: int) -> Image.Image:
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(27)
    for index, name in enumerate(PHASES):
        row, column = divmod(index, 4)
        x, y = (column + 0.5) * cell_width, (row + 1) * cell_height - 24
        pen.text((x, y), f"{index + 1}. {name}", fill=235, font=font, anchor="mm")
    return sheet


def mars_globe(side: int = 400) -> Image.Image:
    """A globe in the style of Mars: ochre plains, dark highlands, a white cap; no background."""
    rng = np.random.default_rng(1976)
    ball = Ball.of(side)
    land = ball.wrap(fractal_noise((900, 900), 3, rng))
    dust = ball.wrap(fractal_noise((900, 900), 12, rng))
    dark, bright = np.array([0.33, 0.17, 0.11]), np.array([0.86, 0.54, 0.33])
    share = np.clip(1.9 * (land - 0.25) + 0.35 * (dust - 0.5), 0, 1)[..., None]
    colour = dark * (1 - share) + bright * share
    cap = 1 / (1 + np.exp(-(ball.y - 0.86 + 0.16 * (dust - 0.5)) * 60))
    colour = colour * (1 - cap[..., None]) + np.array([0.95, 0.94, 0.92]) * cap[..., None]
    shade = 0.06 + 1.02 * ball.lit_from((-0.55, 0.35, 0.76)) ** 0.8
    return Image.fromarray(_bytes(np.dstack([colour * shade[..., None], ball.cover])))


@dataclass(frozen=True)
class Crater:
    """A crater on a height field: centre and radius in pixels, optional central peak.

    Example:
        >>> Crater(10.0, 10.0, 4.0).peak
        False
    """

    x: float
    y: float
    radius: float
    peak: bool = False

    def carve(self, height: Field) -> None:
        """Sink a bowl with a raised rim and an apron of ejecta into `height`, in place."""
        reach = 2.4 * self.radius
        rows = slice(max(0, int(self.y - reach)), int(self.y + reach) + 1)
        columns = slice(max(0, int(self.x - reach)), int(self.x + reach) + 1)
        part = height[rows, columns]
        y, x = np.mgrid[rows, columns][:, : part.shape[0], : part.shape[1]]
        distance = np.hypot(x - self.x, y - self.y) / self.radius
        rim = 0.16 * np.exp(-4.0 * (distance - 1))
        bowl = 0.16 - 0.46 * (1 - distance**2)
        if self.peak:
            bowl = np.maximum(bowl, -0.2) + 0.2 * np.exp(-((distance / 0.15) ** 2))
        inside = distance < 1
        blended = np.where(inside, bowl * self.radius + part.mean(), part + rim * self.radius)
        fade = np.clip((2.4 - distance) / 0.8, 0, 1)
        part[:] = part * (1 - fade) + blended * fade


BIG_CRATER = Crater(300, 250, 118, peak=True)
YOUNG_CRATER = Crater(690, 168, 62)


def crater_field(width: int = 900, height: int = 520) -> Image.Image:
    """A cratered plain lit by a low Sun from the left, with one complex and one rayed crater."""
    rng = np.random.default_rng(1966)
    ground = fractal_noise((height, width), 4, rng) * 14
    for radius in sorted(5 * rng.pareto(1.9, 170) + 4, reverse=True):
        if radius < 60:
            Crater(rng.uniform(0, width), rng.uniform(0, height), float(radius)).carve(ground)
    BIG_CRATER.carve(ground)
    for _ in range(60):
        spot = rng.uniform(0, width), rng.uniform(0, height)
        Crater(*spot, float(rng.uniform(3, 8))).carve(ground)
    YOUNG_CRATER.carve(ground)
    return Image.fromarray(_bytes(_hillshade(ground) + _rays(ground.shape, rng)))


def _hillshade(ground: Field) -> Field:
    slope_y, slope_x = np.gradient(ground)
    light = np.array([-0.80, -0.25, 0.55])
    steep = np.sqrt(1 + slope_x**2 + slope_y**2)
    return np.asarray((-slope_x * light[0] - slope_y * light[1] + light[2]) / steep * 0.82 + 0.02)


def _rays(shape: tuple[int, ...], rng: np.random.Generator) -> Field:
    """Bright streaks of fresh ejecta that fade away from the young crater."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    angle = np.arctan2(y - YOUNG_CRATER.y, x - YOUNG_CRATER.x)
    distance = np.hypot(y - YOUNG_CRATER.y, x - YOUNG_CRATER.x) / YOUNG_CRATER.radius
    streaks = np.zeros(shape)
    for direction in rng.uniform(-np.pi, np.pi, 13):
        turn = np.angle(np.exp(1j * (angle - direction)))
        streaks += np.exp(-((turn / 0.07) ** 2))
    fade = np.where(distance > 0.95, np.exp(-(distance - 1) / 1.6), 0.0)
    return np.asarray(0.26 * np.clip(streaks, 0, 1) * fade)


HEAT_STOPS = np.array(
    [
        [0.05, 0.07, 0.20],
        [0.16, 0.24, 0.55],
        [0.20, 0.52, 0.62],
        [0.93, 0.73, 0.28],
        [0.99, 0.96, 0.80],
    ]
)
HEAT_MAXIMUM = 560.0
"""Watts per square metre at the bright end of the colour scale."""


def heat_colours(values: Field) -> NDArray[np.uint8]:
    """Map insolation to colour, from night blue over amber to near white."""
    place = np.clip(values / HEAT_MAXIMUM, 0, 1) * (len(HEAT_STOPS) - 1)
    stops = np.arange(len(HEAT_STOPS))
    bands = [np.interp(place, stops, HEAT_STOPS[:, band]) for band in range(3)]
    return _bytes(np.dstack(bands))


def insolation_map() -> Image.Image:
    """Daily mean sunlight: one pixel per day (left to right) and per degree (north on top)."""
    values = [[insolation(lat, day) for day in range(1, 367)] for lat in range(90, -91, -1)]
    return Image.fromarray(heat_colours(np.array(values)))


def heat_scale() -> Image.Image:
    """The colour bar of the insolation map, dark at the bottom."""
    column = np.linspace(HEAT_MAXIMUM, 0, 120)[:, None]
    return Image.fromarray(heat_colours(np.repeat(column, 8, axis=1)))
