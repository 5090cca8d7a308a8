from hfreader.pages.module_tree import TreeNode
from hfreader.views.alignment import Part as P
from hfreader.views.alignment import aligned, likeness


def node(name: str, class_name: str, *children: TreeNode, parameters: int = 0, gives: str = "(B, T, hidden)"):
    numbers = "(1, 4, 8)"
    return TreeNode(name, name, class_name, gives, gives, numbers, numbers, parameters, 1, children)


def linear(name: str, kind: str = "Linear"):
    return node(name, kind, parameters=72)


def pairs(left: TreeNode, right: TreeNode) -> list[tuple[str | None, str | None]]:
    return [(one.left and one.left.name, one.right and one.right.name) for one in aligned(left, right)]


ATTENTION = node("self", "OneAttention", linear("q"), linear("k"), node("drop", "Dropout"), linear("o"))
MLP = node("mlp", "OneMLP", linear("up"), node("act", "ReLU"), linear("down"))
ONE = node(
    "", "One", node("embed", "Embedding", parameters=800), ATTENTION, MLP, node("norm", "LayerNorm", parameters=16)
)


def test_a_tree_beside_itself_is_paired_throughout():
    assert all(left == right for left, right in pairs(ONE, ONE))
    assert len(pairs(ONE, ONE)) == 12


def test_names_are_no_evidence():
    other = node(
        "",
        "Two",
        node("a", "Embedding", parameters=800),
        *(
            node("b", "X", linear("c", "Conv1D"), linear("d", "Conv1D"), linear("e", "Conv1D")),
            node("f", "Y", linear("g"), node("h", "GELU"), linear("i")),
            node("j", "TwoRMSNorm", parameters=8),
        ),
    )
    assert pairs(ONE, other) == [
        ("", ""), ("embed", "a"),
        ("self", "b"), ("q", "c"), ("k", "d"), ("drop", None), ("o", "e"),
        ("mlp", "f"), ("up", "g"), ("act", "h"), ("down", "i"),
        ("norm", "j"),
    ]  # fmt: skip


def test_a_wrapper_has_no_counterpart_but_what_is_within_has():
    wrapped = node("", "Two", node("embed", "Embedding", parameters=800), node("encoder", "E", ATTENTION), MLP)
    bare = node("", "One", node("embed", "Embedding", parameters=800), ATTENTION, MLP)
    assert ("encoder", None) in pairs(wrapped, bare)
    assert ("self", "self") in pairs(wrapped, bare)
    assert (None, "encoder") in pairs(bare, wrapped)


def test_every_module_of_both_appears_once():
    for left, right in ((ONE, MLP), (MLP, ONE), (ATTENTION, MLP)):
        found = pairs(left, right)
        for tree, index in ((left, 0), (right, 1)):
            names = sorted(pair[index] for pair in found if pair[index] is not None)
            assert names == sorted(each.name for _, each in tree.walk())


def test_a_leaf_is_never_like_what_has_parts():
    assert likeness(P(MLP, 0), P(linear("x"), 0)) == 0.0
    assert likeness(P(node("d", "Dropout"), 0), P(node("a", "ReLU"), 0)) == 0.0
    assert likeness(P(MLP, 0), P(MLP, 0)) == 1.0
