"""The numbers that the sentences, questions and boxes of the lesson on the block speak of.

Vocabulary
    predicted   a question of the page: its options, the one that comes out, and the settings that it asks about
"""

from collections.abc import Mapping

from attention_core import costs, programs, run
from attention_core.benches import Value
from attention_core.benches.block import GLASS, VOCABULARY, WORDS, glass_unembedding, model, stages
from attention_core.examples import PAINT
from attention_core.generation import most, readout, write
from attention_core.numerals import decimal, exact
from attention_ui.block_figures import BALL, CUBE, NEURON_SAYS, SHATTERED
from attention_ui.readings import shown, worked

__all__ = ["NEURON_SAYS", "driven", "in_mlps", "predicted", "repeated", "wording"]
Predicted = tuple[list[str], str, Mapping[str, Value]]


def predicted(question: str) -> Predicted:
    """The options of a question, by its name, the one that comes out, and what the board is then set to."""
    return _QUESTIONS[question]()


def _picked(options: list[str], right: str, then: Mapping[str, Value]) -> Predicted:
    """An option that does not come out is an error of ours: `reveal` refuses it."""
    return options, right, then


def _alone() -> Predicted:
    found = worked("block", attention=False)
    driven = [word for i, word in enumerate(WORDS) if found.number("mlp_pre", i, 0) > 0]
    options = ["for ball still", "for red", "for no word"]
    return _picked(options, f"for {driven[0]}" if driven else options[2], {"part": "block", "attention": False})


def _and() -> Predicted:
    return _picked(["no", "yes, with a larger bias", "yes, with a weight below 0"], "no", {"part": "mlp"})


def _norm() -> Predicted:
    plain, moved = (worked("block", part="norm", moved=of).head.matrix("out").value[BALL] for of in ("none", "both"))
    options = ["it stays as it was", "it has 10 more", "it is 10 times as large"]
    right = options[0] if abs(moved - plain).max() < 1e-9 else options[1]
    return _picked(options, right, {"part": "norm", "moved": "both"})


def _one() -> Predicted:
    takes = worked("block", part="layers", built="one").row("layer2.weights", SHATTERED)
    options = ["from ball", "from table", "from both alike"]
    right = options[2] if abs(takes["ball"] - takes["table"]) < 1e-9 else options[takes["table"] > takes["ball"]]
    return _picked(options, right, {"part": "layers", "built": "one"})


def _two() -> Predicted:
    before, after = (decimal(worked("block", part="layers", built=built).row("layer2.weights", SHATTERED)["ball"])
                     for built in ("one", "own"))  # fmt: skip
    return _picked([before, "0.75", after], after, {"part": "layers", "built": "own"})


def _lens() -> Predicted:
    trace = worked("block", part="layers", built="own").head.trace
    names = ["as it comes", "after layer 1", "after layer 2"]
    said = readout(trace, stages("own"), glass_unembedding()).values()
    tops = [most(of[SHATTERED], VOCABULARY, 1)[0][0] for of in said]
    return _picked(names, names[tops.index(".")], {"part": "layers", "built": "own"})


def shares_of(factor: float) -> float:
    """What ball takes from red when all embeddings are multiplied."""
    given, labels = PAINT.given(WORDS)
    head = run(programs.masked(programs.SELF_ATTENTION), {**given, "x": factor * given["x"]}, labels)
    return head["weights"].value[BALL, 0].item()


def _double() -> Predicted:
    plain, twice = exact(shares_of(1.0)), exact(shares_of(2.0))
    return _picked([f"{plain}, as before", "9/10", twice], twice, {})


def _which() -> Predicted:
    options = ["the first, where it began", "the last, that of cube", "a sixth"]
    return _picked(options, options[1], {"part": "next"})


def _cache() -> Predicted:
    options = ["not at all", "a little", "more with every word"]
    apart = max(word.apart for word in write(model(), WORDS, 11))
    return _picked(options, options[0] if apart == 0 else options[1], {})


_QUESTIONS = {
    "alone": _alone, "and": _and, "norm": _norm, "one": _one, "two": _two, "lens": _lens, "double": _double,
    "which": _which, "cache": _cache,
}  # fmt: skip


def driven() -> str:
    """What drives the neuron at each noun, and what is left of it after GELU."""
    found = worked("block")
    before, after = ([shown(found.number(name, word, 0)) for word in (BALL, CUBE)] for name in ("mlp_pre", "mlp_post"))
    return (
        f"For *ball* it is {before[0]}, for the purple *cube* {before[1]}; GELU makes that {after[0]} and {after[1]}. "
        "For the others it is below 0."
    )


def in_mlps() -> dict[str, str]:
    """How many of the numbers of two known models stand in their MLPs."""
    found = {}
    for name in ("Transformer base (2017)", "GPT-3 175B"):
        parts = costs.parameters(costs.MODELS[name].config)
        found[name] = f"{parts['mlp'] / sum(parts.values()):.0%} of {sum(parts.values()):,} numbers"
    return found


def repeated() -> dict[str, str]:
    """What shattered takes from ball and table, with the same layer twice and with two of their own."""
    named = {"first twice": "layer 1 twice", "second twice": "layer 2 twice", "own": "each its own"}
    takes = {of: worked("block", part="layers", built=of).row("layer2.weights", SHATTERED) for of in named}
    return {f"{says}: from ball, from table": f"{decimal(row[GLASS[1]])}, {decimal(row[GLASS[3]])}"
            for says, row in zip(named.values(), takes.values(), strict=True)}  # fmt: skip


def wording() -> dict[str, str]:
    """T, and the probability that ball follows, after two wordings."""
    texts, at = ("red", "blue"), WORDS.index("ball")
    shares = [model().read([text])["next.probabilities"].value[-1, at].item() for text in texts]
    after = {f"ball after “{text}” alone": decimal(share) for text, share in zip(texts, shares, strict=True)}
    return {"T, after any word": exact(1.0), **after}
