import pytest
from transformers import DFineModel, ViTModel

from hfreader.trace.configs import default_config, with_fields
from hfreader.trace.feeding import images
from hfreader.trace.feeding.need import Need
from hfreader.trace.sizes import Lengths


def test_an_image_is_as_large_as_the_configuration_says():
    config = default_config("vit")
    assert images.size(Need(ViTModel, config, Lengths(1, 1))) == (config.image_size, config.image_size)


@pytest.mark.parametrize("queries", [10, 300, 1000])
def test_a_detector_finds_as_many_features_as_it_chooses(queries: int):
    config = with_fields(default_config("d_fine"), {"num_queries": queries})
    side, other = images.size(Need(DFineModel, config, Lengths(1, 1)))
    features = sum((side // stride) ** 2 for stride in config.feat_strides)
    assert side == other and features >= queries
    assert side == images.USUAL_SIZE or features < 8 * queries
