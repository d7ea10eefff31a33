"""Prose of chapters 5 to 9: the Moon, small bodies, spaceflight, glossary and constants."""

from __future__ import annotations

from tools.demo.handbook.story import (
    Columns,
    Figure,
    FigureRow,
    Heading,
    Part,
    TableHere,
    Terms,
)

MOON: tuple[Part, ...] = (
    Heading("5", "The Moon"),
    Heading("5.1", "Phases"),
    "The Moon shines by reflected sunlight, and one half of it is always lit. What changes is how "
    "much of that half faces us. {fig:moon-phases} runs through the eight phases: from new Moon, "
    "when the Moon stands between us and the Sun, through first quarter to full Moon, when it "
    "stands opposite the Sun and rises at sunset, and on through last quarter back to new. While "
    "it waxes, the northern observer sees the right side lit; while it wanes, the left. South of "
    "the equator left and right are exchanged.",
    "The Moon goes once round the Earth in 27.32 days. In that time the Earth has moved on along "
    "its own orbit, so the Moon needs two more days to catch up with the Sun: from one new Moon "
    "to the next it takes 29.53 days on average. It is 384,400 kilometres away on average and "
    "3,475 kilometres wide. It turns once on its axis for each orbit and so always shows us the "
    "same side. The dark patches, the maria, are plains of ancient lava.",
    Figure("moon-phases"),
    Heading("5.2", "Eclipses"),
    "The Sun is 400 times as wide as the Moon and also about 400 times as far away, so the two "
    "look equally large in our sky. When the new Moon passes exactly in front of the Sun, its "
    "dark inner shadow, the umbra, draws a narrow track across the Earth: there, and only there, "
    "the eclipse is total. In the penumbra around it the Sun is partly covered. When the full "
    "Moon moves through the shadow of the Earth, half the world can watch a lunar eclipse, and "
    "the Moon turns copper red in light bent through our atmosphere ({fig:eclipses}).",
    Figure("eclipses"),
    "There isn't an eclipse every month because the Moon's orbit is tilted by 5.1 degrees to that "
    "of the Earth. Most new Moons pass above or below the Sun. Only about twice a year, in "
    "eclipse seasons, do Sun, Moon and Earth line up. {tab:solar-eclipses} lists total eclipses "
    "of the Sun; hybrid eclipses, total along a part of their track only, are left out. Totality "
    "can never last longer than about seven and a half minutes at one place.",
    TableHere("solar-eclipses"),
    Heading("5.3", "Tides"),
    "The Moon pulls more strongly on the near side of the Earth than on the far side. This "
    "difference stretches the oceans into two bulges, and as the Earth turns beneath them most "
    "coasts see two high tides a day, about 12 hours and 25 minutes apart. The Sun raises tides "
    "too, a little less than half as strong. At new and full Moon the two work together and give "
    "spring tides, with a large range; at the quarters they work across each other and give neap "
    "tides, with a small one ({fig:tides}). In the Bay of Fundy in Canada the range reaches 16 "
    "metres. Friction of the tides slows the Earth's turning and drives the Moon away from us by "
    "3.8 centimetres a year.",
    Figure("tides"),
)

SMALL_BODIES: tuple[Part, ...] = (
    Heading("6", "Small bodies and impacts"),
    Columns(
        (
            Heading("6.1", "Asteroids and dwarf planets"),
            "Between Mars and Jupiter, mostly from 2.1 to 3.3 au, circle more than a million "
            "bodies wider than a kilometre. Together they have only about 3 per cent of the mass "
            "of the Moon. Ceres, 940 kilometres wide, is the largest. Because it is round but has "
            "not cleared its zone, it counts as a dwarf planet, like Pluto, Haumea, Makemake and "
            "Eris. Pluto moves in the Kuiper belt, a wide ring of icy bodies beyond Neptune, and "
            "was visited by the probe New Horizons in July 2015.",
            Heading("6.2", "Comets"),
            "A comet is a lump of ice, dust and rock a few kilometres across. Near the Sun its "
            "ices turn to gas and carry dust with them. The solar wind sweeps the ionised gas "
            "straight outwards, while the dust lags behind in a broad, curved tail. So a comet "
            "moving away from the Sun travels tail first, as {fig:comet-tails} shows.",
        ),
        (
            Figure("comet-tails"),
            "Comets with short periods mostly come from around the Kuiper belt, long-period ones "
            "from the Oort cloud, thousands of times farther away than the Earth is from the Sun. "
            "Halley's comet returns about every 76 years. It was last near the Sun in February "
            "1986 and will be back in July 2061. In November 2014 the lander Philae, carried by "
            "the probe Rosetta, made the first landing on the nucleus of a comet.",
        ),
    ),
    Heading("6.3", "Impact craters"),
    "A body from space strikes the Earth at 11 kilometres a second or more. Its energy is "
    "released like that of an explosion, so the crater is nearly always round, and ten to twenty "
    "times as wide as the body itself. On worlds without weather craters pile up for billions of "
    "years ({fig:crater-field}); the more of them there are, the older the surface. Bright rays "
    "mark the youngest. Small craters are simple bowls. Above a certain width, about 3 kilometres "
    "on the Earth and 15 to 20 on the Moon, the walls slump into terraces and the floor springs "
    "back into a central peak ({fig:crater-profiles}).",
    "Meteor Crater in Arizona, 1.2 kilometres wide, was dug about 50,000 years ago by a lump of "
    "iron some 50 metres across. The Chicxulub crater in Mexico, about 180 kilometres wide, dates "
    "from 66 million years ago; the impact of a body some 10 kilometres across ended the age of "
    "the dinosaurs. About 200 impact structures are known on Earth.",
    FigureRow("crater-field", "crater-profiles"),
)

FLIGHT: tuple[Part, ...] = (
    Heading("7", "Travelling between worlds"),
    Heading("7.1", "Transfer orbits and launch windows"),
    "A spacecraft coasts for nearly all of its journey, and like a planet it moves on an ellipse. "
    "A Hohmann transfer, described by Walter Hohmann in 1925, is the half ellipse that just "
    "touches the orbit of departure at one end and that of arrival at the other ({fig:hohmann}). "
    "Between two circular orbits not too different in size it needs the least fuel of all "
    "two-burn routes: one burn to leave the first orbit, a second one to settle into the other.",
    Figure("hohmann"),
    "To Mars the flight takes 259 days. In that time Mars covers 136 degrees of its orbit, so at "
    "launch it must be 44 degrees ahead of the Earth. This happens once every 780 days; a launch "
    "window to Mars therefore opens about every 26 months and stays open for a few weeks. "
    "{tab:windows} gives the same figures for other planets. For the outermost the direct way "
    "would take decades, which is why probes borrow speed by passing close to other planets on "
    "the way. Voyager 2 reached Neptune in twelve years, in 1989, by way of Jupiter, Saturn and "
    "Uranus.",
    TableHere("windows"),
    Heading("7.2", "Power far from the Sun"),
    "Light spreads out: at twice the distance it is four times as faint. This inverse square law "
    "turns the 1,361 watts per square metre that arrive at the Earth into 586 at Mars and only 50 "
    "at Jupiter ({fig:sunlight}). The probe Juno carries solar arrays of about 60 square metres. "
    "Near the Earth they would give some 14 kilowatts; at Jupiter they give about half a "
    "kilowatt.",
    Figure("sunlight"),
    "At Saturn and beyond, probes have so far drawn their power from the heat of decaying "
    "plutonium-238, which halves in 88 years. The two Voyagers, launched in 1977 with 470 watts "
    "each, still sent data in 2025, with ever fewer instruments switched on.",
    Heading("7.3", "Planning a mission"),
    "{fig:mission-planning} shows the way from an idea to a spacecraft at its goal. The "
    "scientific question decides the target, the target decides the launch window, and the window "
    "decides the trajectory and the rocket. Then the budgets are drawn up: mass, power, and how "
    "much data can be sent home. If they do not fit, the trajectory is changed, or the aims are. "
    "Only then is the craft built, and tested in vacuum, heat, cold and vibration, for after "
    "launch hardly anything can be repaired.",
    Figure("mission-planning"),
)

TERMS = (
    (
        "Albedo",
        "The share of light that a surface sends back; fresh snow about 0.8, the Moon about 0.12.",
    ),
    ("Astronomical unit (au)", "149,597,870.7 kilometres, by definition."),
    (
        "Eccentricity",
        "How stretched an orbit is: 0 for a circle, close to 1 for a long, thin ellipse.",
    ),
    ("Ejecta", "Material thrown out of a crater as it forms."),
    ("Equinox", "One of the two moments in a year when the Sun stands above the equator."),
    ("Gravity assist", "Gaining or losing speed by flying past a planet."),
    (
        "Light year",
        "The distance light travels in a year: 9.46 million million kilometres, or about 63,200 "
        "au.",
    ),
    ("Retrograde", "Turning or moving against the common direction, as Venus turns."),
    (
        "Roche limit",
        "The distance within which tides tear apart a body held together only by its own gravity.",
    ),
    ("Saros", "A cycle of 18 years, 11 days and 8 hours after which similar eclipses return."),
    ("Sol", "A solar day on Mars: 24 hours, 39 minutes and 35 seconds."),
    ("Solstice", "The moment when the Sun stands farthest north or south."),
    ("Synodic period", "The time between two like alignments of a planet, the Earth and the Sun."),
    ("Terminator", "The line between the day and the night side of a world."),
)

GLOSSARY: tuple[Part, ...] = (
    Heading("8", "Glossary"),
    Columns((Terms(TERMS[:7]),), (Terms(TERMS[7:]),)),
    Heading("9", "Constants"),
    "{tab:constants} collects a few constants worth knowing. Elsewhere in this handbook, "
    "distances and periods are mean values, rounded.",
    TableHere("constants"),
)
