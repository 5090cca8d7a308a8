from hfreader.trace.links import links
from hfreader.trace.models import base_class, random_model
from tests.trace.conftest import CONFIGS


def test_activations_are_those_of_modules():
    model = random_model(base_class(CONFIGS["bert"]), CONFIGS["bert"])
    (found,) = links(model)
    assert (found.field, found.entry) == ("hidden_act", "ACT2FN['gelu']")
    assert found.function == "transformers.activations.GELUActivation"
    assert found.modules == tuple(f"encoder.layer.{n}.intermediate.intermediate_act_fn" for n in range(2))


def test_a_word_that_no_module_stands_for_is_no_link():
    model = random_model(base_class(CONFIGS["bert"]), CONFIGS["bert"])
    model.config.problem_type = "relu"
    assert [link.field for link in links(model)] == ["hidden_act"]


def test_rotary_functions():
    model = random_model(base_class(CONFIGS["llama"]), CONFIGS["llama"])
    model.config.rope_parameters = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.0}
    found = {link.field: link for link in links(model)}
    assert found["rope_parameters.rope_type"].entry == "ROPE_INIT_FUNCTIONS['linear']"
    assert found["rope_parameters.rope_type"].function.startswith("transformers.modeling_rope_utils.")
