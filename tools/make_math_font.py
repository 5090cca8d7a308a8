"""Make `hfreader/pages/assets/fonts/stix-two-math-subset.woff2` from the whole font.

    npm pack @fontsource/stix-two-math && tar xf fontsource-stix-two-math-*.tgz
    pip install fonttools brotli
    python tools/make_math_font.py package/files/stix-two-math-latin-400-normal.woff2

STIX Two Math is under the SIL Open Font License 1.1 (OFL.txt beside the subset), without reserved names. Two changes:
only what equations need is kept, and the larger radicals are made as narrow as the smallest allows, because Chromium
reserves the width of the widest variant for every square root, which leaves a gap behind the small ones.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

TARGET = Path(__file__).parent.parent / "hfreader" / "pages" / "assets" / "fonts" / "stix-two-math-subset.woff2"
RADICAL = 0x221A
MOST_WIDER = 1.08
KEPT = """
    0020-007E 00A0 00AC 00AF 00B1 00B7 00D7 00F7 02C6 02C7 02DC 0302-0304 0307 0308 0391-03A9 03B1-03C9 03D1 03D5 03F5
    2016 2020 2026 2032-2034 203E 2061-2064 2102 2107 210B-2115 2119-211D 2124 212C 2130-2134 2190-2195 21A6 21D0-21D4
    2200-220D 220F-2213 2215-221E 2223-222C 2234-2237 223C 2243 2245 2248 2254 2260-2262 2264-226B 227A 227B 2282-2287
    2295-229A 22A4 22A5 22C0-22C6 22EE-22F1 2308-230B 23DE 23DF 25A1 27E8 27E9
    1D400-1D467 1D49C-1D4CF 1D538-1D56B 1D6A8-1D71B
"""


def main(source: Path) -> None:
    """Write the subset of the font at `source`."""
    font = TTFont(source)
    options = subset.Options(hinting=False, layout_features=["ssty", "kern"], flavor="woff2", name_IDs=["*"])
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=subset.parse_unicodes(",".join(KEPT.split())))
    cutter.subset(font)
    _narrow_radicals(font)
    subset.save_font(font, TARGET, options)


def _narrow_radicals(font: TTFont) -> None:
    smallest = font.getBestCmap()[RADICAL]
    limit = round(font["hmtx"][smallest][0] * MOST_WIDER)
    variants = font["MATH"].table.MathVariants
    construction = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(smallest)]
    larger = [record.VariantGlyph for record in construction.MathGlyphVariantRecord]
    parts = [part.glyph for part in construction.GlyphAssembly.PartRecords] if construction.GlyphAssembly else []
    for name in dict.fromkeys(larger + parts):
        width, bearing = font["hmtx"][name]
        if width <= limit:
            continue
        glyph = font["glyf"][name]
        assert not glyph.isComposite(), f"{name} is made of other glyphs"
        scale = limit / width
        glyph.coordinates.scale((scale, 1))
        glyph.coordinates.toInt()
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (limit, round(bearing * scale))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
