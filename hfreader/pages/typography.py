"""Chinese as it is set: full-width marks between Chinese words, and no blanks beside these marks.

Pages are put together of parts, among which the marks and blanks of English stand; the source code is left alone.
"""

import re

_PIECES = re.compile(r"(<(pre|script|style|svg|math)\b.*?</\2>|<[^>]*>)", re.DOTALL)
_CHINESE = r"[\u4e00-\u9fff，。：；、？！（）”]"
_MARKS = {",": "，", ";": "；", ":": "：", ".": "。"}
# A mark of English after Chinese, where a blank or the end follows, or before it.
_HALF_WIDTH = re.compile(rf"(?<={_CHINESE})[,;:.](?=\s|$)|(?:[,;:]|(?<=\d)\.)(?=\s{_CHINESE})")
_BLANKS = re.compile(r"(?<=[，。：；、？！（）])[ \n]+(?=\S|$)|(?<=\S)[ \n]+(?=[，。：；、？！（）])")


def set_in_chinese(html: str) -> str:
    """The same HTML with the marks of Chinese; what stands in tags, in code blocks and formulas is not changed."""
    parts, before = [], ""
    for number, piece in enumerate(_PIECES.split(html)):
        if number % 3 == 0:
            text = _BLANKS.sub("", _HALF_WIDTH.sub(lambda mark: _MARKS[mark[0]], before + piece))[len(before) :]
            before = (before + text)[-1:]
            parts.append(text)
        elif number % 3 == 1:
            parts.append(piece)
        elif piece is not None:
            before = ""  # what follows a formula does not follow the text before it
    return "".join(parts)
