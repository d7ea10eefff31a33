"""What the made-up shop says about its products: categories, prices and sentences."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ware:
    """What all products of one kind share."""

    category: str
    noun: str
    prices: tuple[int, int]
    stuffs: tuple[str, ...]
    details: tuple[str, ...]


_COTTON = ("organic cotton", "soft jersey", "brushed cotton")
_WOVEN = ("light viscose", "washed linen", "a cotton blend")
_LEATHER = ("full-grain leather", "vegan leather", "waxed canvas")
_CLAY = ("glazed stoneware", "fine porcelain", "enamelled steel")

WARES: dict[str, Ware] = {
    "t-shirt": Ware(
        "Clothing", "T-shirt", (12, 35), _COTTON,
        ("The round neck keeps its shape.", "Cut straight, with short sleeves."),
    ),
    "dress": Ware(
        "Clothing", "dress", (32, 120), _WOVEN,
        ("Fitted at the waist, with a wide skirt.", "Sleeveless, and it ends at the knee."),
    ),
    "jacket": Ware(
        "Clothing", "jacket", (60, 190), ("waterproof nylon", "cotton twill", "recycled fleece"),
        ("It has a full zip and two pockets.", "Lined, with a turn-down collar."),
    ),
    "trousers": Ware(
        "Clothing", "pair of trousers", (35, 95), ("cotton twill", "stretch denim", "wool flannel"),
        ("Straight legs and five pockets.", "High in the waist, with a button."),
    ),
    "skirt": Ware(
        "Clothing", "skirt", (28, 80), _WOVEN,
        ("Pleated all around.", "It sits high and swings when you walk."),
    ),
    "scarf": Ware(
        "Clothing", "scarf", (15, 70), ("merino wool", "cashmere", "thick cotton"),
        ("Two metres long, with fringes.", "Warm enough for the coldest morning."),
    ),
    "cap": Ware(
        "Clothing", "cap", (12, 38), ("cotton twill", "corduroy", "quick-drying mesh"),
        ("One size, with a strap at the back.", "The curved peak keeps the sun out."),
    ),
    "sneaker": Ware(
        "Footwear", "sneaker", (45, 130), ("canvas", "knitted mesh", "soft suede"),
        ("White laces and a rubber sole.", "Light, and cushioned at the heel."),
    ),
    "boot": Ware(
        "Footwear", "boot", (60, 180), ("natural rubber", "oiled leather", "vegan leather"),
        ("The shaft reaches below the knee.", "A sturdy sole for wet paths."),
    ),
    "handbag": Ware(
        "Bags", "handbag", (40, 210), _LEATHER,
        ("With a flap, a brass clasp and one handle.", "Room for a book and an umbrella."),
    ),
    "backpack": Ware(
        "Bags", "backpack", (35, 120), ("ripstop nylon", "waxed canvas", "recycled polyester"),
        ("Two side pockets and a front pocket.", "A padded sleeve fits a laptop."),
    ),
    "suitcase": Ware(
        "Bags", "suitcase", (70, 230), ("polycarbonate", "aluminium", "recycled plastic"),
        ("Four quiet wheels and a telescopic handle.", "Cabin size, with guarded corners."),
    ),
    "umbrella": Ware(
        "Accessories", "umbrella", (14, 55), ("coated polyester", "waterproof cotton"),
        ("Eight ribs and a curved wooden handle.", "It stands up to strong wind."),
    ),
    "watch": Ware(
        "Accessories", "watch", (49, 240), ("silicone", "woven nylon", "calf leather"),
        ("The strap and the case share their colour.", "A clear dial, waterproof to 50 m."),
    ),
    "mug": Ware(
        "Kitchen", "mug", (7, 22), _CLAY,
        ("Holds 350 ml of coffee or tea.", "The big handle stays cool."),
    ),
    "teapot": Ware(
        "Kitchen", "teapot", (22, 75), _CLAY,
        ("Pours four cups without a drip.", "The lid stays on when you pour."),
    ),
    "bottle": Ware(
        "Kitchen", "bottle", (12, 40), ("double-walled steel", "borosilicate glass", "tritan"),
        ("Keeps water cold for a day.", "The steel cap closes tightly."),
    ),
    "chair": Ware(
        "Furniture", "chair", (59, 220), ("wool felt", "woven cotton", "velvet"),
        ("Legs of solid wood.", "The padded seat suits long dinners."),
    ),
    "sofa": Ware(
        "Furniture", "sofa", (390, 1290), ("bouclé", "velvet", "woven cotton"),
        ("Two seats with loose cushions.", "Short wooden legs and wide arms."),
    ),
    "lamp": Ware(
        "Furniture", "table lamp", (25, 140), ("linen", "pleated paper", "cotton"),
        ("The shade gives a warm light.", "A turned foot, and a switch on the cord."),
    ),
    "guitar": Ware(
        "Music", "guitar", (120, 620), ("spruce", "mahogany", "maple"),
        ("Six steel strings and a slim neck.", "A full voice for beginners and friends."),
    ),
}  # fmt: skip

LINES: tuple[str, ...] = (
    "Marlow", "Harbour", "Alba", "Fjord", "Juniper", "Orchard", "Tessel", "Wren", "Lark",
    "Solstice", "Brook", "Cinder", "Meridian", "Pepper", "Quarry", "Sable", "Thistle", "Vega",
)  # fmt: skip

LOOKS: dict[str, tuple[str, ...]] = {
    "plain": ("in plain {colour}", "all in {colour}", "in one calm shade of {colour}"),
    "striped": ("in {colour} with stripes", "in striped {colour}", "with stripes on {colour}"),
    "dotted": ("in {colour} with dots", "in dotted {colour}", "with polka dots on {colour}"),
}

OPENINGS: tuple[str, ...] = (
    "a {noun} {look}, made of {stuff}.",
    "this {noun} of {stuff} comes {look}.",
    "our everyday {noun} {look}: {stuff} through and through.",
    "{stuff} makes this {noun} {look} a favourite.",
    "a classic {noun} {look}, now in {stuff}.",
)

CLOSINGS: tuple[str, ...] = (
    "Easy to care for.", "Made in small batches.", "A good present.", "Ships in two days.",
    "Built to be repaired.", "Goes with almost everything.", "Our best seller last year.",
    "Returns are free for 30 days.", "Designed in our own studio.", "Packed without plastic.",
)  # fmt: skip
