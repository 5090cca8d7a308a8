import pytest

from hfreader.pages.naming import source_name


@pytest.mark.parametrize(
    ("file", "names", "expected"),
    [
        ("models/gpt2/modeling_gpt2.py", ("Conv", "GPT2Attention", "GPT2Model"), "GPT2"),
        ("models/ernie4_5/modeling_ernie4_5.py", ("Ernie4_5RMSNorm",), "Ernie4_5"),
        ("models/qwen2_vl/modeling_qwen2_vl.py", ("VisionRotary", "Qwen2VLModel"), "Qwen2VL"),
        ("models/git/modeling_git.py", ("GithubModel",), "git"),
        ("models/openai/modeling_openai.py", ("GPTModel",), "openai"),
        ("activations.py", ("Activations",), "activations.py"),
    ],
)
def test_a_file_is_called_as_its_classes_spell_it(file: str, names: tuple[str, ...], expected: str):
    assert source_name(file, names) == expected
