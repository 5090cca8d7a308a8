"""The marks of Chinese stand where English ones were put, and nothing else changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfreader.pages.typography import set_in_chinese


@pytest.mark.parametrize(
    ("put_together", "set_so"),
    [
        ("3 处已证明 （误差 1e-15）, 0 处被否证", "3 处已证明（误差 1e-15），0 处被否证"),
        ("<strong>3 处</strong>, 0 处", "<strong>3 处</strong>，0 处"),
        ('另见： <a href="a, b">多头</a>', '另见：<a href="a, b">多头</a>'),
        ('另见：</span> <a href="a.html">多头</a>', '另见：</span><a href="a.html">多头</a>'),
        ("（没有提交）. https://a.b 无法访问", "（没有提交）。https://a.b 无法访问"),
        ("BertModel, 交叉注意力, 缓存", "BertModel，交叉注意力，缓存"),
        ("第 3 行; 需要", "第 3 行；需要"),
        ("Vaswani et al. 2017, Attention; BERT", "Vaswani et al. 2017, Attention; BERT"),
        ("<p>值 </p>\n<p>键</p>", "<p>值 </p>\n<p>键</p>"),
        ("余下的...", "余下的..."),
        ("transformers 5.23.0. 对照： bert", "transformers 5.23.0。对照：bert"),
        ("键（若有） <math><mi>M</mi></math> 可见", "键（若有）<math><mi>M</mi></math> 可见"),
        ("见 models.bert 与 1.5", "见 models.bert 与 1.5"),
    ],
)
def test_marks_and_blanks(put_together: str, set_so: str):
    assert set_in_chinese(put_together) == set_so
    assert set_in_chinese(set_so) == set_so


def test_code_formulas_and_data_stay_as_they_are():
    kept = '<pre class="x"># 注意： (a, b), 值, c\n</pre><math><mo>（</mo> <mi>值</mi></math><script>["值, "]</script>'
    assert set_in_chinese(f"见： {kept}") == f"见：{kept}"


@given(st.text(alphabet="ab ,.;:<>/pre\n1"))
def test_what_has_no_chinese_is_not_changed(html: str):
    assert set_in_chinese(html) == html
