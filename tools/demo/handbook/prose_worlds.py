"""Prose of chapters 1 to 4: the family, the planets, orbits, and the Earth in sunlight."""

from __future__ import annotations

from tools.demo.handbook.story import Figure, FigureRow, Heading, Part, TableHere

FAMILY: tuple[Part, ...] = (
    Heading("1", "The Sun and its family"),
    Heading("1.1", "Who holds the mass"),
    "The Solar System is one star with a little left over. The Sun holds 99.86 per cent of all "
    "its mass, and its pull keeps everything else in orbit. It is a ball of hydrogen and helium "
    "695,700 kilometres in radius, 109 times that of the Earth. Its visible surface glows at "
    "about 5,500 \N{DEGREE SIGN}C, while in the core, at some 15 million degrees, hydrogen fuses "
    "into helium and feeds the light we live by.",
    "Of the small remainder, the giant planets own nearly everything. {fig:mass-shares} shows how "
    "the planets share it: Jupiter weighs as much as 318 Earths, Saturn as much as 95. The four "
    "rocky planets together make up less than half a per cent of the whole.",
    Figure("mass-shares"),
    Heading("1.2", "How the planets formed"),
    "The oldest solid grains found in meteorites are 4.57 billion years old, and that is taken as "
    "the age of the Solar System. {fig:planet-formation} sums up the usual account in six steps. "
    "A cloud of gas and dust fell in on itself and flattened, as it spun faster, into a disc. "
    "Dust stuck together into pebbles, pebbles gathered into planetesimals a few kilometres "
    "across, and these merged into growing planets.",
    "Far from the Sun it was cold enough for ice, so cores there grew large and could hold on to "
    "gas: they became the giants. Near the Sun only rock and metal stayed solid. The rocky "
    "planets were finished by collisions among a few dozen large bodies; one of these, between "
    "the young Earth and a body about the size of Mars, most likely made the Moon.",
    Figure("planet-formation"),
)

PLANETS: tuple[Part, ...] = (
    Heading("2", "The planets"),
    Heading("2.1", "Sizes"),
    "The eight planets fall into two groups that differ in every respect. Mercury, Venus, Earth "
    "and Mars are small worlds of rock and iron. Jupiter and Saturn are giants made mostly of "
    "hydrogen and helium; Uranus and Neptune, in between, hold much water, methane and ammonia "
    "and are called ice giants. {fig:planet-radii} compares their radii. Eleven Earths would fit "
    "side by side across Jupiter, and the Earth in turn is only a little larger than Venus.",
    Figure("planet-radii"),
    Heading("2.2", "Densities"),
    "Density tells what a planet is made of. The Earth is the densest, with 5,513 kilograms per "
    "cubic metre: rock around a large iron core, squeezed by its own weight. Saturn has the "
    "lowest density of all the planets, 687 kilograms per cubic metre, less than that of water. "
    "An ocean large enough would let it float. {tab:planets} lists the figures for all eight.",
    TableHere("planets"),
    Heading("2.3", "The rocky planets"),
    "Mercury has almost no air and turns slowly, so the ground swings from about 430 "
    "\N{DEGREE SIGN}C by day to -180 \N{DEGREE SIGN}C by night. Venus is nevertheless the hottest "
    "planet: its thick blanket of carbon dioxide holds the surface at 464 \N{DEGREE SIGN}C, day "
    "and night, under a pressure 92 times that at sea level on Earth. {fig:atmospheres} compares "
    "its air with ours and with that of Mars.",
    FigureRow("atmospheres", "mars-globe"),
    "Mars ({fig:mars-globe}) is about half as wide as the Earth. Iron oxide in the dust gives it "
    "its colour. The pressure of its air is less than one per cent of ours, too low for liquid "
    "water to last on the ground, yet dry river beds show that water flowed there more than three "
    "billion years ago. Olympus Mons, the tallest volcano known, rises about 22 kilometres and is "
    "some 600 kilometres across. The canyon system Valles Marineris runs along the equator for "
    "4,000 kilometres. The caps at the poles are of water ice, with frozen carbon dioxide on top "
    "in winter.",
    Heading("2.4", "The giants and their moons"),
    "Jupiter turns once in less than ten hours, and its clouds are drawn out into bands. The "
    "Great Red Spot, a storm wider than the Earth, has been watched for well over a century. "
    "Saturn's rings span about 280,000 kilometres from edge to edge but are mostly only some tens "
    "of metres thick; they are made of lumps of water ice. Uranus lies on its side, its axis "
    "tilted by 98 degrees. On Neptune, winds of more than 2,000 kilometres an hour have been "
    "measured.",
    "Moons of the giants are counted by the hundred, and new small ones are found nearly every "
    "year. By the middle of 2025, 274 were known around Saturn, 97 around Jupiter, 28 around "
    "Uranus and 16 around Neptune. Jupiter's Ganymede is the largest of all, wider than the "
    "planet Mercury. Its neighbour Europa and Saturn's Enceladus hide oceans of salt water "
    "beneath their ice. Titan, at Saturn, is the only moon with a dense atmosphere, mostly of "
    "nitrogen.",
)

ORBITS: tuple[Part, ...] = (
    Heading("3", "Orbits"),
    Heading("3.1", "Ellipses and equal areas"),
    "Johannes Kepler found from Tycho Brahe's measurements of Mars that planets move on ellipses, "
    "with the Sun in one focus. The point nearest the Sun is called perihelion, the farthest "
    "aphelion, and half the long axis is the semi-major axis. A planet hurries near perihelion "
    "and dawdles near aphelion, so that the line from the Sun to the planet sweeps equal areas in "
    "equal times ({fig:ellipse}). Most planets' orbits are close to circles; the ellipse drawn "
    "here is far more stretched than any of them.",
    Figure("ellipse"),
    Heading("3.2", "Kepler's third law"),
    "The farther a planet is from the Sun, the longer its year, for two reasons: the path is "
    "longer and the planet is slower. With distances in astronomical units (au, the mean distance "
    "of the Earth from the Sun, 149.6 million kilometres) and periods in years, the square of the "
    "period equals the cube of the semi-major axis: T\N{SUPERSCRIPT TWO} = "
    "a\N{SUPERSCRIPT THREE}. On logarithmic axes the planets therefore fall on a straight line of "
    "slope 3/2, as in {fig:kepler}.",
    "A year on Mars lasts 687 days, or 1.88 Earth years; a year on Neptune lasts nearly 165. "
    "Since its discovery in 1846, Neptune has completed just one orbit, in 2011. The last column "
    "of {tab:orbits} shows how well the law holds: the ratio is 1 within a few parts in a "
    "thousand.",
    Figure("kepler"),
    TableHere("orbits"),
)

SUNLIGHT: tuple[Part, ...] = (
    Heading("4", "The Earth in sunlight"),
    Heading("4.1", "Seasons"),
    "Seasons come from tilt, not from distance. The Earth's axis leans 23.4 degrees away from the "
    "upright and keeps pointing the same way, close to the star Polaris, all round the orbit. "
    "{fig:seasons} shows the result. Around 21 June the northern half leans towards the Sun: days "
    "are long there and noon rays steep. Half a year later it leans away. In between, around 20 "
    "March and 22 September, day and night are about equally long everywhere.",
    Figure("seasons"),
    "Distance plays only a small part. The Earth passes perihelion around 3 January, 147.1 "
    "million kilometres from the Sun, and aphelion around 4 July, at 152.1 million. The Earth as "
    "a whole gets about 7 per cent more light in early January than in early July, in the middle "
    "of the northern winter. Mars has a tilt of 25 degrees and seasons like ours, but nearly "
    "twice as long; Jupiter, tilted by 3 degrees, has hardly any.",
    Heading("4.2", "Daylight and warmth"),
    "At the equator the day lasts twelve hours all year. The farther from it, the greater the "
    "swing ({fig:day-lengths}), and beyond the polar circles, at 66.6 degrees, there are days "
    "when the Sun doesn't set and others when it doesn't rise. {fig:insolation} turns this into "
    "energy. At the June solstice the north pole, with 24 hours of low Sun, receives more light "
    "in a day than any place on the equator ever does; what keeps it cold is the long winter and "
    "the brightness of ice and snow, which send much of that light back.",
    FigureRow("day-lengths", "insolation"),
    "Warmth lags behind light. Land and above all oceans take weeks to warm up and to cool down, "
    "so in most places the hottest month comes after the longest day and the coldest month after "
    "the shortest.",
)
