"""One small block as it is delivered, reviewed by eye. HFREADER_UPDATE_GOLDEN=1 writes it anew.

The diagram is left out: its coordinates are those of the Graphviz at hand.
"""

import os
import re
from pathlib import Path

from hfreader.pages.class_block import ClassBlock
from hfreader.pages.file_context import FileContext
from hfreader.pages.sections import Section

GOLDEN = Path(__file__).parent / "golden" / "toy_attention.html"


def test_the_block_of_the_toy_attention(toy_context: FileContext, toy_sections: dict[str, Section]):
    html = ClassBlock(toy_context, toy_sections["ToyAttention"]).html()
    html = re.sub(r'(<div class="hf-diagram").*?</svg>.*?</div></div>', r"\1></div>", html, flags=re.DOTALL)
    if os.environ.get("HFREADER_UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(html, encoding="utf-8")
    assert html == GOLDEN.read_text(encoding="utf-8")
