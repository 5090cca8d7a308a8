"""The generated part of the styles: which symbol lights what."""

HUES = 8


def symbol_rules(count: int) -> str:
    """CSS for blocks of up to `count` symbols.

    Within a block it lights everything of a symbol (`.s3`, `.t3`) while what points at it (`.t3`) is hovered or
    focused; and it gives each symbol one of the eight hues that mark it while unlit.
    """
    rules: list[str] = []
    for number in range(count):
        pointed = f".t{number}:is(:hover,:focus)"
        rules.append(f".hf:is(:hover,:focus-within):has({pointed}) :is(.s{number},.t{number}){{--lit:var(--hf-lit)}}")
        rules.append(f".s{number},.t{number}{{--hue:var(--hf-hue-{number % HUES})}}")
    return "\n".join(rules) + "\n"
