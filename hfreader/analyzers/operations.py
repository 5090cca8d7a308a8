"""The canonical operations: how each is spelt, which are transparent, which library functions are known."""

from hfreader.analyzers.signatures import SIGNATURES
from hfreader.facts.dataflow import Node

ALIASES = {
    "bmm": "matmul",
    "mm": "matmul",
    "mv": "matmul",
    "concat": "cat",
    "concatenate": "cat",
    "multiply": "mul",
    "divide": "div",
    "true_divide": "div",
    "subtract": "sub",
    "negative": "neg",
    "absolute": "abs",
    "t": "transpose",
    "swapaxes": "transpose",
    "swapdims": "transpose",
    "moveaxis": "movedim",
    "clip": "clamp",
    "clamp_min": "clamp",
    "clamp_max": "clamp",
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "not_equal": "ne",
    "fmod": "remainder",
    "arccos": "acos",
    "arcsin": "asin",
    "arctan": "atan",
    "special_expit": "sigmoid",
    "expit": "sigmoid",
    "swish": "silu",
    "fabs": "abs",
    "broadcast_to": "expand",
}

# Prefixes under which torch (and math) keep functions.
FUNCTION_PREFIXES = (
    "torch.nn.functional",
    "torch.special",
    "torch.linalg",
    "torch.fft",
    "torch.Tensor",
    "torch",
    "math",
)

BINARY_OPERATORS = {
    "Add": "add",
    "Subtract": "sub",
    "Multiply": "mul",
    "Divide": "div",
    "FloorDivide": "floor_divide",
    "Modulo": "remainder",
    "Power": "pow",
    "MatrixMultiply": "matmul",
    "BitAnd": "bitwise_and",
    "BitOr": "bitwise_or",
    "BitXor": "bitwise_xor",
    "LeftShift": "bitwise_left_shift",
    "RightShift": "bitwise_right_shift",
}
UNARY_OPERATORS = {"Minus": "neg", "Plus": "positive", "BitInvert": "bitwise_not", "Not": "not"}
COMPARISONS = {
    "Equal": "eq",
    "NotEqual": "ne",
    "LessThan": "lt",
    "LessThanEqual": "le",
    "GreaterThan": "gt",
    "GreaterThanEqual": "ge",
    "Is": "is",
    "IsNot": "is_not",
    "In": "in",
    "NotIn": "not_in",
}

# Modules without parameters whose call is the operation itself, with their constructor's arguments in order.
STATELESS_MODULES = {
    "torch.nn.Softmax": ("softmax", ("dim",)),
    "torch.nn.LogSoftmax": ("log_softmax", ("dim",)),
    "torch.nn.Softmin": ("softmin", ("dim",)),
    "torch.nn.Flatten": ("flatten", ("start_dim", "end_dim")),
    "torch.nn.Unflatten": ("unflatten", ("dim", "sizes")),
    "torch.nn.PixelShuffle": ("pixel_shuffle", ("upscale_factor",)),
    "torch.nn.PixelUnshuffle": ("pixel_unshuffle", ("downscale_factor",)),
    "torch.nn.Unfold": ("unfold", ("kernel_size", "dilation", "padding", "stride")),
    "torch.nn.Upsample": ("interpolate", ("size", "scale_factor", "mode", "align_corners")),
    "torch.nn.CosineSimilarity": ("cosine_similarity", ("dim", "eps")),
}

# Functions of transformers that build an attention mask, by qualified name.
MASK_BUILDERS = {
    "transformers.masking_utils.create_causal_mask": "causal_mask",
    "transformers.masking_utils.create_bidirectional_mask": "bidirectional_mask",
    "transformers.masking_utils.create_sliding_window_causal_mask": "sliding_window_causal_mask",
    "transformers.masking_utils.create_bidirectional_sliding_window_mask": "bidirectional_sliding_window_mask",
    "transformers.masking_utils.create_chunked_causal_mask": "chunked_causal_mask",
    "transformers.modeling_attn_mask_utils._prepare_4d_causal_attention_mask": "causal_mask",
    "transformers.modeling_attn_mask_utils._prepare_4d_attention_mask": "bidirectional_mask",
}

# Functions of transformers that are one operation, whichever library computes it, by qualified name.
KERNELS = {"transformers.modeling_flash_attention_utils._flash_attention_forward": "flash_attention"}

# Functions that call their first argument: how many arguments to leave out before those they pass on.
HIGHER_ORDER = {
    "transformers.pytorch_utils.apply_chunking_to_forward": 2,
    "torch.utils.checkpoint.checkpoint": 0,
    "_gradient_checkpointing_func": 0,
}

# Tables of activations by name.
ACTIVATION_TABLES = frozenset({"transformers.activations.ACT2FN", "transformers.activations.ACT2CLS"})
# Activations that transformers keeps as ready-made functions; one that is no operation of torch is known as one still.
ACTIVATIONS_MADE = {
    f"transformers.activations.{name}": operation
    for name, operation in (
        *(("gelu", "gelu"), ("gelu_python", "gelu"), ("silu", "silu"), ("mish", "mish")),
        *((name, "activation") for name in ("gelu_new", "gelu_fast", "gelu_pytorch_tanh", "quick_gelu")),
    )
}
ACTIVATION_GETTERS = frozenset({"transformers.activations.get_activation"})

# Operations that move, copy, reshape or cast what they are given and compute nothing.
_TRANSPARENT = """
view reshape view_as reshape_as contiguous to type type_as float double half bfloat16 clone detach cpu cuda expand
expand_as permute transpose movedim unsqueeze squeeze flatten unflatten dropout dropout1d dropout2d learned buffer
requires_grad_ cache_update starred
"""
TRANSPARENT = frozenset(_TRANSPARENT.split())
TRANSPARENT_MODULES = frozenset(
    f"torch.nn.{name}"
    for name in ("Identity", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "Flatten", "Unflatten")
)

_CONVOLUTION = "in_channels out_channels kernel_size stride padding dilation groups bias padding_mode"
_TRANSPOSED = "in_channels out_channels kernel_size stride padding output_padding groups bias dilation padding_mode"
# The arguments of constructors in their order.
CONSTRUCTORS = {
    "torch.nn.Linear": ("in_features", "out_features", "bias"),
    "transformers.pytorch_utils.Conv1D": ("out_features", "in_features"),
    **{f"torch.nn.Conv{n}d": tuple(_CONVOLUTION.split()) for n in (1, 2, 3)},
    **{f"torch.nn.ConvTranspose{n}d": tuple(_TRANSPOSED.split()) for n in (1, 2, 3)},
}
# Operations whose result does not depend on the numbers in their operands, only on shapes and types.
_SHAPES = """
size shape device dtype dim ndim numel ndimension stride is_floating_point is_cuda len arange zeros ones full
empty new_zeros new_ones new_full new_empty zeros_like ones_like full_like empty_like eye finfo iinfo
isinstance hasattr getattr linspace
"""
SHAPES = frozenset(_SHAPES.split())


def canonical_name(name: str) -> str | None:
    """The canonical operation that a torch function or tensor method of this name is, None if it is none. In-place
    spellings (`add_`) are the same operation."""
    if name in SIGNATURES:
        return name
    if name in ALIASES:
        return ALIASES[name]
    if name.endswith("_") and not name.startswith("_") and name[:-1]:
        return canonical_name(name[:-1])
    return None


def function_name(qualified: str) -> str | None:
    """The canonical operation that a qualified function is (`torch.nn.functional.softmax` -> `softmax`). A torch
    function that the table does not know keeps its own name."""
    prefix, _, name = qualified.rpartition(".")
    if prefix not in FUNCTION_PREFIXES:
        return None
    known = canonical_name(name)
    if known is not None or prefix == "math":
        return known
    return name if name[:1].islower() else None


def is_in_place(method: str) -> bool:
    """Whether a tensor method changes its receiver."""
    return method.endswith("_") and not method.startswith("_") and canonical_name(method) is not None


def is_transparent(node: Node) -> bool:
    """Whether matching looks through a node to its first operand: it moves, casts or drops, and computes nothing."""
    if node.op == "module":
        return bool(node.classes) and all(name in TRANSPARENT_MODULES for name in node.classes)
    return node.op in TRANSPARENT
