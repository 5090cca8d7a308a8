from dataclasses import replace

from msgspec import structs

from hfreader.facts.analysis import Exchange, Refusal
from hfreader.facts.places import Place, Span
from hfreader.facts.traces import Dispatch
from hfreader.pages.class_block import ClassBlock
from hfreader.pages.dispatch import exchange_of, opened_html
from hfreader.pages.file_context import FileContext
from hfreader.pages.outside import documentation
from hfreader.pages.sections import Section
from tests.pages import toy
from tests.pages.html import Element, code_of, parse

UPSTREAM = f"https://github.com/huggingface/transformers/blob/{toy.COMMIT}/src/transformers/"


def tabs_of(context: FileContext, sections: dict[str, Section], number: int = 0) -> list[Element]:
    show = ClassBlock(context, sections["ToyAttention"])._elsewhere
    return parse(opened_html(context, context.analysis.dispatches[number], show)).all("details")


def said(tab: Element) -> tuple[str, str]:
    return tab.all("summary")[0].text, " ".join(tab.all("p")[0].text.split())


def test_the_other_implementations_are_tabs_of_one_group(toy_context: FileContext, toy_sections: dict[str, Section]):
    eager, fused = tabs_of(toy_context, toy_sections)
    assert eager.attributes["name"] == fused.attributes["name"]
    assert ("open" in eager.attributes, "open" in fused.attributes) == (True, False)
    assert said(eager) == ("eager ran here", "eager_attention_forward, lines 7–15")
    assert said(fused) == (
        "fused_2 not run",
        "fused_attention_forward, integrations/fused.py, lines 4–8 · also under fused_3"
        " · hands on to torch.nn.functional.scaled_dot_product_attention",
    )


def test_of_another_implementation_the_statement_is_shown_that_does_its_work(
    toy_context: FileContext, toy_sections: dict[str, Section]
):
    fused = tabs_of(toy_context, toy_sections)[1]
    lines = toy.FUSED_SOURCE.split("\n")
    assert code_of(fused) == {f"fused_attention_forward-L{n}": lines[n - 1] + "\n" for n in (5, 6, 7)}
    assert fused.attributes["data-lines"] == f"{UPSTREAM}integrations/fused.py"
    whole, documented = (link.attributes["href"] for link in fused.all("p")[0].all("a"))
    assert whole == f"{UPSTREAM}integrations/fused.py#L4-L8"
    assert documented == documentation("torch.nn.functional.scaled_dot_product_attention")


def test_later_calls_lead_to_the_first_one_of_the_page(toy_context: FileContext, toy_sections: dict[str, Section]):
    site = toy_context.analysis.dispatches[0]
    span = structs.replace(site.site.span, line=site.site.span.line + 90, end_line=site.site.span.end_line + 90)
    later = replace(site, owner=f"{toy.MODULE}.ToyModel", site=structs.replace(site.site, span=span))
    analysis = replace(toy_context.analysis, dispatches=(later, site))
    context = FileContext(toy_context.site, toy_context.family, analysis, toy.CONCEPTS)
    assert len(tabs_of(context, toy_sections, 1)) == 2
    (only,) = tabs_of(context, toy_sections, 0)
    assert "name" not in only.attributes
    assert said(only)[1].endswith("others, shown in ToyAttention: fused_2")
    assert only.all("p")[0].all("a")[-1].attributes["href"] == "#fused_attention_forward-L5"


def test_what_ran_is_told_by_the_runs(toy_context: FileContext, toy_sections: dict[str, Section]):
    trace = toy_context.traces[0]
    ran = Dispatch(toy.CALL, "fused_2", toy.OTHER.function, toy.OTHER.place)
    run = replace(toy_context.family.run, traces=(trace, replace(trace, dispatches=(ran,))))
    both = FileContext(toy_context.site, replace(toy_context.family, run=run), toy_context.analysis, toy.CONCEPTS)
    assert [said(tab)[0] for tab in tabs_of(both, toy_sections)] == ["eager ran here", "fused_2 ran here"]
    run = replace(run, traces=run.traces[1:])
    fused = FileContext(toy_context.site, replace(toy_context.family, run=run), toy_context.analysis, toy.CONCEPTS)
    assert [said(tab)[0] for tab in tabs_of(fused, toy_sections)] == ["fused_2 ran here"]


def test_without_runs_nothing_is_said_to_have_run(toy_context: FileContext, toy_sections: dict[str, Section]):
    context = FileContext(toy_context.site, replace(toy_context.family, run=None), toy_context.analysis, toy.CONCEPTS)
    states = [said(tab)[0] for tab in tabs_of(context, toy_sections)]
    assert states == ["eager_attention_forward by default; not run", "fused_2 not run"]


def test_what_pytorch_documents_has_an_address_there():
    assert documentation("torch.nn.Linear") == "https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html"
    assert documentation("torch._check") is None
    assert documentation("transformers.activations.ACT2FN") is None


def test_what_leads_to_a_documented_function_stands_first(toy_context: FileContext, toy_sections: dict[str, Section]):
    inner = replace(toy.OTHER, names=("inner",), function="transformers.integrations.inner", calls="inner.kernel")
    analysis = replace(toy_context.analysis, registries={toy.REGISTRY: (inner, toy.OTHER)})
    context = FileContext(toy_context.site, toy_context.family, analysis, toy.CONCEPTS)
    assert [said(tab)[0] for tab in tabs_of(context, toy_sections)][1:] == ["fused_2 not run", "inner not run"]


def test_a_method_that_a_call_reaches_is_led_to_by_its_line(toy_context: FileContext, toy_sections: dict[str, Section]):
    site = toy_context.analysis.dispatches[0]
    method = replace(site, function="transformers.models.toy.modeling_toy.ToyAttention.eager")
    context = FileContext(
        toy_context.site,
        replace(toy_context.family, run=None),
        replace(toy_context.analysis, dispatches=(method,)),
        toy.CONCEPTS,
    )
    home = tabs_of(context, toy_sections)[0].all("p")[0].all("a")[0].attributes["href"]
    assert home == f"#L{site.target.span.line}"


def test_what_the_models_of_the_file_do_not_support_says_so(toy_context: FileContext, toy_sections: dict[str, Section]):
    declared = Place(toy_context.file, Span(3, 4, 3, 33))
    analysis = replace(toy_context.analysis, refused=(Refusal("fused", "_supports_fused = False", declared),))
    context = FileContext(toy_context.site, toy_context.family, analysis, toy.CONCEPTS)
    eager, fused = (said(tab) for tab in tabs_of(context, toy_sections))
    assert eager == said(tabs_of(toy_context, toy_sections)[0])
    assert fused[0] == "fused_2 not supported here"
    assert fused[1].endswith("the models of this file declare _supports_fused = False")


def test_a_decorator_that_exchanges_the_forward_pass_is_named(
    toy_context: FileContext, toy_sections: dict[str, Section]
):
    owner = toy_sections["ToyAttention"].item.qualified
    registry = toy_context.analysis.dispatches[0].registry
    exchange = Exchange(
        owner, "transformers.decorators.exchanging", registry, Place("decorators.py", Span(4, 4, 4, 14))
    )
    forward = toy.function("forward", "def forward(self, hidden_states, past", "return attn_output")
    code = toy_context.analysis.code
    classes = tuple(replace(one, methods=(forward,)) if one.qualified == owner else one for one in code.classes)
    analysis = replace(toy_context.analysis, exchanges=(exchange,), code=replace(code, classes=classes))
    context = FileContext(toy_context.site, toy_context.family, analysis, toy_context.concepts)
    found = exchange_of(context, owner)
    assert found is not None and found.own_ran
    assert (found.decorator, found.home) == ("exchanging", f"{UPSTREAM}decorators.py#L4")
    assert ("fused_2", f"{UPSTREAM}integrations/fused.py#L4-L8") in found.entries
    text = " ".join(parse(ClassBlock(context, toy_sections["ToyAttention"]).html()).text.split())
    assert "exchanging can put another forward pass in the place of the one below" in text
    assert exchange_of(toy_context, owner) is None
