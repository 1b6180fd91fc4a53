"""Invented prompt and answer texts. They are far shorter than the token counts beside them say."""

from random import Random

SYSTEM = {
    "support": "You answer customers of a parcel service. Be brief and friendly.",
    "search": "Rewrite the query for a product search. Answer with one line.",
    "legal": "You compare contract clauses and name every difference.",
    "etl": "Classify the shipment note. Answer with one label and one reason.",
    "marketing": "You write short texts for a parcel service.",
    "research": "You help to read logistics papers.",
}
QUESTIONS = {
    "support": ("Where is parcel {n}?", "Parcel {n} arrived damaged, what now?", "Kann ich Sendung {n} umleiten – heute?",
                "Please cancel the pickup {n}.", "¿Por qué se retrasa el paquete {n}?", "Invoice {n} shows the wrong weight."),
    "search": ("padded envelope size {n}", "thermal label roll {n}", "pallet wrap {n} m", "returns form {n}",
               "lithium battery rules {n}", "drop box near postcode {n}"),
    "legal": ("Compare clause {n} with our standard terms.", "Who carries the risk in section {n}?",
              "List every deadline in annex {n}.", "Is the liability cap in draft {n} mutual?"),
    "etl": ("note {n}: left with neighbour", "note {n}: address not found", "note {n}: customs form missing",
            "note {n}: refused by recipient", "note {n}: vehicle breakdown"),
    "marketing": ("Write a subject line for campaign {n}.", "Three slogans for service point {n}.",
                  "Shorten the newsletter {n} to 80 words.", "Describe lane {n} for the web site."),
    "research": ("Summarise section {n} of the routing paper.", "What does table {n} show?",
                 "Explain equation {n} in plain words.", "List open questions of chapter {n}."),
}
SENTENCES = (
    "The shipment left the depot this morning and is on its way.",
    "A driver will try again on the next working day.",
    "Please keep the packaging until the claim is settled.",
    "Der Zustelltermin wurde auf morgen verschoben.",
    "The two versions differ in the notice period only.",
    "Section four limits liability to the value of the goods.",
    "This label fits all thermal printers sold since last year.",
    "The route is shorter by eleven percent in the second case.",
    "El plazo termina el último día hábil del mes.",
    "Weight and volume were measured again at the hub.",
    "Category: delivery attempt failed.",
    "Send smarter, arrive sooner.",
    "No further action is needed on your side.",
    "The authors test the method on three public data sets.",
    "Both parties may end the agreement with thirty days' notice.",
    "Opening hours of the service point are eight to twenty.",
)
REPEATED = (
    "", "Read the whole conversation again and draft a full answer for every open ticket of today.",
    "Merge the attached transcripts and repeat every message with its translation.",
    "List each parcel of the attached manifest with a complete delivery history.",
)


_SYLLABLES = ("ba", "ce", "dor", "el", "fi", "gan", "ho", "in", "ju", "kel", "lo", "mar", "ne", "os", "pra", "qui",
              "ren", "sta", "tu", "ul", "ver", "wo", "xi", "yon", "ze")


def _long_text() -> str:
    """A megabyte of words that compresses about as well as prose does; the same for every seed."""
    rng = Random("long text")
    common = " ".join(SENTENCES).split(" ")
    rare = ["".join(rng.choices(_SYLLABLES, k=1 + rng.randrange(4))) for _ in range(4000)]
    return " ".join(rng.choice(common if rng.random() < 0.5 else rare) for _ in range(160_000))


_pool = ""


def _excerpt(rng: Random, least: int, most: int) -> str:
    """A random stretch of the long text; short ones are likelier."""
    global _pool
    _pool = _pool or _long_text()
    length = least + int(rng.random() ** 3 * (most - least))
    at = int(rng.random() * (len(_pool) - length))
    return _pool[at:at + length]


def question(rng: Random, topic: str, long: bool) -> str:
    """A prompt of its own; with `long` some hundred to a few thousand characters."""
    text = rng.choice(QUESTIONS[topic]).replace("{n}", str(rng.getrandbits(20)))
    return f"{text} {_excerpt(rng, 100, 2000)}" if long else text


def answer(rng: Random, long: bool) -> str:
    if long:
        return _excerpt(rng, 80, 1200)
    return " ".join(rng.choices(SENTENCES, k=1 + int(rng.random() * 2)))
