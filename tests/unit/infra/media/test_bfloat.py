"""Convolutions compute in bfloat16, and what lies between them in 32-bit floats."""

import numpy as np
from openvino import Model, Type, opset13

from infra.adapters.media.studio.bfloat import use_bfloat16


def two_convolutions() -> Model:
    """Return a network of a convolution with bias and activation, a sigmoid, and a second convolution."""
    weights = opset13.constant(np.full((2, 2, 3, 3), 0.1, np.float32))
    image = opset13.parameter([1, 2, 8, 8], Type.f32)
    first = opset13.convolution(image, weights, [1, 1], [1, 1], [1, 1], [1, 1], name="first")
    biased = opset13.add(first, opset13.constant(np.ones((1, 2, 1, 1), np.float32)), name="bias")
    between = opset13.sigmoid(opset13.relu(biased, name="activation"), name="between")
    second = opset13.convolution(between, weights, [1, 1], [1, 1], [1, 1], [1, 1], name="second")
    return Model([opset13.result(second)], [image], "two convolutions")


def types_of(model: Model) -> dict[str, Type]:
    return {node.get_friendly_name(): node.get_output_element_type(0) for node in model.get_ordered_ops()}


def test_a_convolution_computes_in_bfloat16_with_its_bias_and_its_activation() -> None:
    model = two_convolutions()
    use_bfloat16(model, without=frozenset())
    types = types_of(model)
    assert [types[name] for name in ("first", "bias", "activation", "second")] == [Type.bf16] * 4
    assert types["between"] == Type.f32
    assert model.output(0).get_element_type() == Type.f32


def test_a_convolution_that_must_be_exact_stays_as_it_is() -> None:
    model = two_convolutions()
    use_bfloat16(model, without=frozenset({"second"}))
    types = types_of(model)
    assert (types["first"], types["second"]) == (Type.bf16, Type.f32)
