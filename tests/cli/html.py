"""Reads a page as strictly as the HTML standard allows and prints its tables as JSON.

Any parse error ends it with exit code 1; so do ids used twice, links to ids that are not there, and
tables whose rows differ in length.
"""

import json
import sys

import html5lib

XHTML = "{http://www.w3.org/1999/xhtml}"


def text(element):
    """What the element says; a line break is a space."""
    for line_break in element.iter(XHTML + "br"):
        line_break.text = " "
    return " ".join("".join(element.itertext()).split())


def cells(row):
    """The row's cells; one that spans columns is followed by empty ones."""
    found = []
    for cell in row:
        if cell.tag in (XHTML + "th", XHTML + "td"):
            found += [text(cell)] + [""] * (int(cell.get("colspan", "1")) - 1)
    return found


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        page = html5lib.HTMLParser(strict=True).parse(file.read())
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    twice = {name for name in ids if ids.count(name) > 1}
    if twice:
        sys.exit(f"ids used twice: {sorted(twice)}")
    for element in page.iter():
        for name in ("href", "{http://www.w3.org/1999/xlink}href"):
            target = element.get(name)
            if target is not None and target.removeprefix("#") not in ids:
                sys.exit(f"link to nowhere: {target}")
        for name in ("aria-labelledby", "aria-describedby", "headers", "for"):
            for target in (element.get(name) or "").split():
                if target not in ids:
                    sys.exit(f"{name} names no element: {target}")
    tables = []
    for table in page.iter(XHTML + "table"):
        rows = [cells(row) for row in table.iter(XHTML + "tr")]
        if len({len(row) for row in rows}) > 1:
            sys.exit(f"rows of different length: {rows}")
        caption = table.find(XHTML + "caption")
        tables.append({"caption": text(caption) if caption is not None else None, "rows": rows})
    elements = sorted({element.tag.split("}")[-1] for element in page.iter() if isinstance(element.tag, str)})
    json.dump({"tables": tables, "elements": elements, "text": text(page)}, sys.stdout)


main()
