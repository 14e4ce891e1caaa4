"""Lets a network's convolutions compute in bfloat16, which some processors do at twice the speed of 32-bit floats."""

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openvino import Model, Node


def use_bfloat16(model: "Model", *, without: AbstractSet[str]) -> None:
    """Compute the convolutions of a model in bfloat16, with the bias and the activation that follow each.

    OpenVINO's own setting takes all operations or none.

    Args:
        model: an OpenVINO model in 32-bit floats, which is changed.
        without: names of the convolutions that need 32-bit floats.
    """
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Convolution" and node.get_friendly_name() not in without:
            _convert_inputs(node)
            last = node
            while (following := _only_user(last)) is not None and _is_bias_or_activation(following):
                _convert_inputs(following)
                last = following
            _convert_output(last)
    model.validate_nodes_and_infer_types()


def _only_user(node: "Node") -> "Node | None":
    users = list(node.output(0).get_target_inputs())
    return users[0].get_node() if len(users) == 1 else None


def _is_bias_or_activation(node: "Node") -> bool:
    kinds = [taken.get_source_output().get_node().get_type_name() for taken in node.inputs()]
    return node.get_type_name() == "Relu" or (node.get_type_name() == "Add" and "Constant" in kinds)


def _convert_inputs(node: "Node") -> None:
    from openvino import Type, opset13  # noqa: PLC0415 - slow and large: worker processes only

    for taken in node.inputs():
        if taken.get_element_type() != Type.bf16:
            taken.replace_source_output(opset13.convert(taken.get_source_output(), "bf16").output(0))
    node.validate_and_infer_types()


def _convert_output(node: "Node") -> None:
    from openvino import opset13  # noqa: PLC0415

    users = list(node.output(0).get_target_inputs())
    converted = opset13.convert(node.output(0), "f32").output(0)
    for user in users:
        user.replace_source_output(converted)
