"""Makes the fonts of this folder: Liberation Sans 2.1.5 cut to Latin and the signs that charts use.

    pip install fonttools
    python3 subset.py FOLDER        # the folder with LiberationSans-Regular.ttf and -Bold.ttf

The licence reserves the name Liberation, so a changed font has another: Lens Sans.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

SIGNS = "–—‘’“”…•−×÷≤≥≠±→←↑↓▲▼●○µ€\u00a0\u202f\u2009"
CODES = [*range(0x20, 0x7F), *range(0xA0, 0x180), *map(ord, SIGNS)]
HERE = Path(__file__).parent


def main(folder):
    for weight in ("Regular", "Bold"):
        font = TTFont(folder / f"LiberationSans-{weight}.ttf", recalcTimestamp=False)
        options = subset.Options(hinting=False, layout_features=["kern"], notdef_outline=True, name_IDs=[0, 1, 2, 4, 6, 13, 14])
        cut = subset.Subsetter(options)
        cut.populate(unicodes=CODES)
        cut.subset(font)
        names = {1: "Lens Sans", 2: weight, 4: f"Lens Sans {weight}", 6: f"LensSans-{weight}"}
        for record in font["name"].names:
            if record.nameID in names:
                record.string = names[record.nameID]
        font.save(HERE / f"LensSans-{weight}.ttf")


main(Path(sys.argv[1]))
