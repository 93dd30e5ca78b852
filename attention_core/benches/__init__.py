"""The benches of the lessons, one a file.

The numbers were chosen by us, so that they come out clean; nothing here was trained. What a bench, a set-up and a
setting are stands in attention_core.benches.bench.
"""

from collections.abc import Mapping
from types import MappingProxyType

from attention_core.benches import (
    block,
    cost,
    cross_attention,
    debugger,
    heads,
    in_context,
    lookup,
    masks,
    positions,
    projections,
    query_key,
    sandbox,
    similarity,
    softmax,
    training,
    values,
)
from attention_core.benches.bench import Bench, SetUp, Text, Value

__all__ = ["BENCHES", "Bench", "SetUp", "Text", "Value"]

BENCHES: Mapping[str, Bench] = MappingProxyType(
    {
        lesson.BENCH.name: lesson.BENCH
        for lesson in (
            lookup,
            softmax,
            similarity,
            projections,
            query_key,
            values,
            masks,
            positions,
            heads,
            cross_attention,
            block,
            cost,
            training,
            in_context,
            debugger,
            sandbox,
        )
    }
)
