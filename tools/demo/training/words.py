"""The vocabulary of the captions: nouns, adjectives and sentence frames."""

from __future__ import annotations

KIND_WORDS: dict[str, tuple[str, ...]] = {
    "t-shirt": ("t-shirt", "t-shirt", "tee", "tshirt", "t shirt", "shirt"),
    "dress": ("dress", "dress", "summer dress", "gown"),
    "jacket": ("jacket", "jacket", "coat", "zip jacket"),
    "trousers": ("trousers", "trousers", "pants", "pair of trousers"),
    "skirt": ("skirt", "skirt", "pleated skirt"),
    "scarf": ("scarf", "scarf", "shawl"),
    "cap": ("cap", "cap", "baseball cap", "hat"),
    "sneaker": ("sneaker", "sneaker", "trainer", "running shoe", "sports shoe", "pair of sneakers"),
    "boot": ("boot", "boot", "rain boot", "pair of boots"),
    "handbag": ("handbag", "handbag", "purse", "hand bag"),
    "backpack": ("backpack", "backpack", "rucksack"),
    "umbrella": ("umbrella", "umbrella", "parasol"),
    "watch": ("watch", "watch", "wristwatch", "wrist watch"),
    "suitcase": ("suitcase", "suitcase", "travel case", "trolley case"),
    "mug": ("mug", "mug", "cup", "coffee mug", "coffee cup"),
    "teapot": ("teapot", "teapot", "tea pot"),
    "bottle": ("bottle", "bottle", "water bottle", "flask"),
    "chair": ("chair", "chair", "dining chair"),
    "sofa": ("sofa", "sofa", "couch", "settee"),
    "lamp": ("lamp", "lamp", "table lamp", "desk lamp"),
    "guitar": ("guitar", "guitar", "acoustic guitar"),
    "circle": ("circle", "circle", "disc", "round shape"),
    "square": ("square", "square", "box shape", "rectangle"),
    "triangle": ("triangle",),
    "star": ("star", "star", "five pointed star"),
    "hexagon": ("hexagon",),
    "diamond": ("diamond", "diamond", "rhombus"),
    "cross": ("cross", "cross", "plus sign"),
    "heart": ("heart", "heart", "heart shape"),
    "ring": ("ring", "ring", "hoop"),
    "arrow": ("arrow", "arrow", "arrow shape"),
    "swatch": ("swatch", "colour", "background", "surface", "image", "picture", "color"),
}

PLURALS: dict[str, str] = {
    "dress": "dresses",
    "summer dress": "summer dresses",
    "scarf": "scarves",
    "watch": "watches",
    "wristwatch": "wristwatches",
    "wrist watch": "wrist watches",
    "couch": "couches",
    "cross": "crosses",
    "box shape": "box shapes",
    "rhombus": "rhombuses",
    "trousers": "trousers",
    "pants": "pants",
    "pair of trousers": "pairs of trousers",
    "pair of sneakers": "pairs of sneakers",
    "pair of boots": "pairs of boots",
    "footwear": "footwear",
    "clothes": "clothes",
    "clothing": "clothing",
    "furniture": "furniture",
    "piece of furniture": "pieces of furniture",
    "piece of clothing": "pieces of clothing",
}

GROUP_WORDS: dict[str, tuple[str, ...]] = {
    "footwear": ("shoe", "footwear"),
    "bag": ("bag",),
    "clothing": ("garment", "clothes", "clothing", "piece of clothing"),
    "furniture": ("furniture", "piece of furniture"),
    "shape": ("shape", "geometric shape"),
    "chart": ("chart", "graph", "plot", "data chart"),
    "diagram": ("diagram", "schematic"),
    "figure": ("figure", "illustration", "figure from a report"),
}

COLOUR_WORDS: dict[str, tuple[str, ...]] = {
    "grey": ("grey", "grey", "gray"),
    "purple": ("purple", "purple", "violet"),
    "red": ("red", "red", "red", "crimson"),
    "blue": ("blue", "blue", "blue", "navy blue"),
    "green": ("green", "green", "green", "dark green"),
}

PATTERN_WORDS: dict[str, tuple[str, ...]] = {
    "plain": ("plain", "plain", "solid", "plain coloured"),
    "striped": ("striped", "striped", "stripy"),
    "dotted": ("dotted", "dotted", "spotted", "polka dot", "polka-dot"),
}

PATTERN_ENDINGS: dict[str, tuple[str, ...]] = {
    "plain": ("without pattern", "with no pattern", "in one colour"),
    "striped": ("with stripes", "with a stripe pattern"),
    "dotted": ("with dots", "with polka dots", "with spots"),
}

QUALITIES: tuple[str, ...] = (
    "classic", "comfortable", "cheap", "new", "small", "large", "light", "soft", "modern",
    "simple", "nice", "elegant", "casual", "warm", "sturdy", "everyday",
)  # fmt: skip

FRAMES: tuple[str, ...] = (
    "{np}", "{np}", "{np}", "{a}", "{a}", "a photo of {a}", "a photo of {a}", "a photo of {a}",
    "a picture of {a}", "an image of {a}", "a drawing of {a}", "an illustration of {a}",
    "photo of {np}", "picture of {np}", "show me {a}", "find {np}", "I am looking for {a}",
    "do you have {a}?", "which {np} do you sell", "I need {a}", "a product photo of {a}",
    "search for {np}", "where is the {np}", "the {np}", "{np} photo", "{np} on sale",
)  # fmt: skip

TAILS: tuple[str, ...] = (
    " under 50", " for less than 100", " for women", " for men", " for children", " as a gift",
    " for the summer", " for travel", " on a white background", " for every day", " for my home",
    ", easy to clean and made to last", ", made of cotton", " for the office", " in size 42",
)  # fmt: skip

FIGURE_WORDS: dict[str, tuple[str, ...]] = {
    "bar chart": ("bar chart", "bar chart", "bar graph", "column chart", "bar plot", "histogram"),
    "line chart": (
        "line chart", "line chart", "line graph", "line plot", "curve", "time series", "trend line",
    ),
    "pie chart": (
        "pie chart", "pie chart", "pie", "donut chart", "pie chart showing shares", "pie graph",
    ),
    "scatter plot": (
        "scatter plot", "scatter plot", "scatter chart", "scatterplot", "point cloud",
        "scatter graph",
    ),
    "flow diagram": (
        "flow diagram", "flow chart", "flowchart", "process diagram", "workflow diagram",
        "flow diagram of a process", "block diagram", "architecture diagram", "boxes and arrows",
    ),
    "table": ("table", "table", "table of numbers", "data table", "table of results", "rows"),
    "text page": (
        "page of text", "text page", "page of text", "document page", "paragraph of text",
        "printed page", "text", "page of a book",
    ),
    "planet": (
        "planet", "planet", "planet in space", "globe", "planet among stars", "ringed planet",
        "world seen from space",
    ),
    "moon phases": (
        "moon phases", "phases of the moon", "phases of the moon", "lunar phases", "moon cycle",
        "waxing and waning moon", "row of moons", "moon",
    ),
    "orbits": (
        "orbits", "orbit diagram", "orbits of the planets", "planetary orbits", "orbit",
        "map of the solar system", "paths of the planets around the sun", "solar system",
    ),
}  # fmt: skip

FIGURE_FRAMES: tuple[str, ...] = (
    "{np}", "{np}", "{a}", "{a}", "a picture of {a}", "a photo of {a}", "an image of {a}",
    "a figure with {a}", "show me {a}", "the {np}", "find {a}", "{a} of {topic}",
    "{np} of {topic}", "{a} showing {topic}", "{np} about {topic}", "{topic} {np}",
    "a slide with {a}", "which page has {a}", "{a} of {topic} over time", "{np} by {topic}",
    "a drawing of {a}", "where is {a}", "{a} in the report", "{a} showing how {topic} changed",
)  # fmt: skip

TOPIC_WORDS: tuple[str, ...] = (
    "sales", "revenue", "users", "cost", "traffic", "energy", "rain", "orders", "temperature",
    "market", "growth", "output", "score", "latency", "budget", "visitors", "region", "year",
    "month", "quarter", "country", "company", "product", "customer", "price", "profit", "weight",
    "height", "speed", "time", "distance", "power", "water", "light", "heat", "population",
    "city", "team", "project", "system", "network", "data", "model", "accuracy", "error", "test",
    "training", "search", "document", "image", "server", "memory", "deployment", "approval",
    "hiring", "survey", "students", "school", "hospital", "patients", "age", "income", "exports",
    "plan", "units", "share", "trend", "forecast", "demand", "supply", "production", "quality",
    "support", "tickets", "response", "results", "average", "total", "number", "percentage",
    "comparison", "relation", "change", "difference", "increase", "decline", "annual", "daily",
    "Europe", "Asia", "America", "north", "south", "first", "second", "last", "new", "mission",
)  # fmt: skip

GENERAL_WORDS: tuple[str, ...] = (
    "what", "who", "how", "why", "when", "does", "is", "are", "was", "were", "this", "that",
    "with", "without", "from", "into", "between", "above", "below", "left", "right", "top",
    "bottom", "more", "less", "than", "most", "least", "best", "cheapest", "similar", "like",
    "same", "kind", "blue or green", "and", "not", "price", "cost", "euro", "dollar", "size",
    "colour", "color", "pattern", "page", "section", "chapter", "title", "caption", "label",
    "axis", "legend", "grid", "value", "values", "highest", "lowest", "question", "answer",
    "summary", "introduction", "method", "experiment", "analysis", "conclusion", "appendix",
    "dog", "cat", "person", "house", "car", "tree", "street", "food", "animal", "bird", "flower",
    "mountain", "sea", "sky", "sun", "earth", "mars", "venus", "jupiter", "saturn", "eclipse",
    "crater", "telescope", "rocket", "space", "step", "process", "input", "output", "cotton",
    "leather", "wool", "wood", "steel", "glass", "ceramic", "summer", "winter", "kitchen",
    "garden", "office", "travel", "sport", "music", "gift", "please", "want", "need", "give",
    "tell", "explain", "compare", "list", "describe", "many", "much", "all", "any", "each",
)  # fmt: skip
