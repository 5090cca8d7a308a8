import gc

from hfreader.alive import functions_of, hide


def made(file: str):
    names: dict[str, object] = {}
    exec(compile("def outer():\n    def inner(): pass\n    return inner", file, "exec"), names)
    return names["outer"]


def test_functions_are_found_whether_hidden_or_not():
    try:
        before = made("one.py")
        hide()
        after = made("one.py")()
        other = made("two.py")
        assert not any(item is before for item in gc.get_objects())
        assert {id(one) for one in functions_of(["one.py"])} >= {id(before), id(after)}
        assert other not in functions_of(["one.py"]) and functions_of(["three.py"]) == []
    finally:
        gc.unfreeze()


def test_what_is_hidden_twice_is_found_once():
    try:
        function = made("four.py")
        hide()
        hide()
        assert [one for one in functions_of(["four.py"]) if one is function] == [function]
    finally:
        gc.unfreeze()
