"""A Transformer block, a stack of them, and the next token.

Vocabulary
    residual stream   what runs from block to block: every part reads it and adds to it
    norm              LayerNorm (Ba et al. 2016): each token's features centred and divided by their spread; RMSNorm
                      (Zhang & Sennrich 2019) divides only. `gain` and `shift` are learned; epsilon is a small number
                      that keeps from dividing by 0
    pre, post         the norm stands before attention and MLP (GPT-2 and later), or after each addition (2017)
    MLP               every token for itself: up to d_ff neurons, an activation, back to d_model
    unembedding       from features to one number per word of the vocabulary: the logits
    layer             a block in a stack; its steps and weights are called "layer1.scores", "layer1.w_q"
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from attention_core import functions, rules
from attention_core.programs.editing import SHARED, find, identifier, names, prefixed, renamed, with_axes, written
from attention_core.programs.givens import GIVENS
from attention_core.programs.heads import crossed
from attention_core.programs.one_head import SELF_ATTENTION, SOFTMAX, masked, steadied
from attention_core.rules import Rule
from attention_core.trace import Program, Step

ACTIVATIONS: dict[str, tuple[Rule, str, str]] = {  # the rule, its formula, its NumPy line
    "gelu": (
        functions.gelu, r"N = \text{GELU}(P) = P\,\Phi(P)", "mlp_pre * (1 + erf(mlp_pre / 2**0.5)) / 2"
    ),
    "gelu_tanh": (
        functions.gelu_tanh, r"N = \text{GELU}(P) \approx \tfrac12 P (1 + \tanh(\dots))",
        "mlp_pre * (1 + np.tanh((2 / np.pi) ** 0.5 * (mlp_pre + 0.044715 * mlp_pre**3))) / 2",
    ),
    "relu": (functions.relu, r"N = \max(0, P)", "np.maximum(mlp_pre, 0)"),
}  # fmt: skip
_EPSILON = ("epsilon",)
_KEPT = {*SHARED, *_EPSILON} - {"x"}
_AFTER_NORM = "U'"  # what a norm leaves, in a formula


def norm(name: str, source: str, kind: str = "layer") -> Program:
    """LayerNorm or RMSNorm of matrix `source` [query d_model], as steps "name.mean", ..., "name.out".

    Reads the givens name.gain and, for LayerNorm, name.shift [d_model], and epsilon. kind: "layer" or "rms".
    """
    steps = {"layer": _LAYER_NORM, "rms": _RMS_NORM}
    if kind not in steps:
        raise ValueError(f"a norm is one of {', '.join(steps)}; {kind!r} is not")
    return renamed(prefixed(steps[kind], name, ("u", *_EPSILON)), {"u": source})


_PER_TOKEN = "query d_model, query -> query d_model"
_PER_FEATURE = "query d_model, d_model -> query d_model"
_SPREAD = Step(
    "spread", r"\sigma_i = \sqrt{\text{var}_i + \epsilon}", "spread = np.sqrt(variance + epsilon)",
    ("variance", "epsilon"), "query, -> query", functions.root,
    "spread", "The root of the mean square, with a little ε added so that nothing is divided by 0.",
    "how far the features of {query} spread",
)  # fmt: skip
_GAINED = Step(
    "gained", r"G = N \cdot g", "gained = normed * gain", ("normed", "gain"), _PER_FEATURE, rules.times,
    "with gain", "Every feature has a learned gain of its own.", "the feature {d_model} of {query}, with its gain",
)  # fmt: skip
_LAYER_NORM: Program = (
    Step(
        "mean", r"\mu_i = \text{mean}_f\, U_{if}", "mean = u.mean(axis=1)", ("u",), "query d_model -> query",
        functions.mean, "mean", "The mean of each token’s features.", "the mean of the features of {query}",
    ),
    Step(
        "centred", r"C_{if} = U_{if} - \mu_i", "centred = u - mean[:, None]", ("u", "mean"), _PER_TOKEN, rules.subtract,
        "centred", "The mean is taken off: the features of a token now add up to 0.",
        "the feature {d_model} of {query}, above its mean",
    ),
    Step(
        "variance", r"\text{var}_i = \text{mean}_f\, C_{if}^2", "variance = (centred**2).mean(axis=1)", ("centred",),
        "query d_model -> query", functions.mean_square,
        "variance", "The mean of the squares.", "the variance of the features of {query}",
    ),
    _SPREAD,
    Step(
        "normed", r"N_{if} = C_{if} / \sigma_i", "normed = centred / spread[:, None]", ("centred", "spread"),
        _PER_TOKEN, rules.divide,
        "normed", "Every token’s features now have mean 0 and spread 1.", "the feature {d_model} of {query}, normed",
    ),
    _GAINED,
    Step(
        "out", r"U' = G + b", "out = gained + shift", ("gained", "shift"), _PER_FEATURE, rules.add,
        "after the norm", "And a learned shift. This is what the next part reads.",
        "the feature {d_model} of {query}, after the norm",
    ),
)  # fmt: skip
_RMS_NORM: Program = (
    replace(
        find(_LAYER_NORM, "variance"), name="variance", formula=r"\text{ms}_i = \text{mean}_f\, U_{if}^2",
        code="variance = (u**2).mean(axis=1)", inputs=("u",), title="mean square",
        meaning="the mean square of the features of {query}",
    ),
    replace(_SPREAD, formula=r"\sigma_i = \sqrt{\text{ms}_i + \epsilon}"),
    replace(
        find(_LAYER_NORM, "normed"), formula=r"N_{if} = U_{if} / \sigma_i", code="normed = u / spread[:, None]",
        inputs=("u", "spread"), says="Every token’s features now have a mean square of 1; their mean stays.",
    ),
    replace(
        _GAINED, name="out", formula=r"U' = N \cdot g", code="out = normed * gain", title="after the norm",
        says="Every feature has a learned gain of its own. This is what the next part reads.",
    ),
)  # fmt: skip


def _with_bias(step: Step, bias: str, letter: str) -> Program:
    """The step's product under a name of its own, and a learned bias added along its last axis."""
    product, axes = f"{step.name}_product", step.parsed.output
    per_head = axes[0] in ("head", "kv_head")  # a bias per head: [head d_k], stretched over the tokens
    of = (axes[0], axes[-1]) if per_head else axes[-1:]
    formulas = (text.replace(f"{letter} =", f"{letter}_0 =") for text in (step.formula, step.formula_t))
    return (
        replace(
            step, name=product, title=f"{step.title}, before the bias",
            code=step.code.replace(f"{step.name} =", f"{product} ="),
            **dict(zip(("formula", "formula_t"), formulas, strict=True)),
        ),
        replace(
            step, inputs=(product, bias), axes=f"{' '.join(axes)}, {' '.join(of)} -> {' '.join(axes)}", rule=rules.add,
            formula=f"{letter} = {letter}_0 + {GIVENS[bias].letter}", formula_t="",
            code=f"{step.name} = {product} + {bias}" + ("[:, None]" if per_head else ""),
            says="A learned number of its own is added to each coordinate, whatever the token.",
        ),
    )  # fmt: skip


_BIASES = {
    "q": ("b_q", "Q"), "k": ("b_k", "K"), "v": ("b_v", "V"), "projected": ("b_o", "Y"),
    "k_groups": ("b_k", "K_g"), "v_groups": ("b_v", "V_g"),
}  # fmt: skip


def with_biases(program: Program) -> Program:
    """The program with a learned bias on q, k and v [d_k, d_k, d_v] and on the projected output [d_model].

    Heads have biases of their own, [head d_k]; heads that share keys and values share their biases, [kv_head d_k].
    """
    repeats = {name for name in "kv" if f"{name}_groups" in names(program)}  # these only copy what has its bias
    return tuple(
        part
        for step in program
        for part in (_with_bias(step, *_BIASES[step.name]) if step.name in {*_BIASES} - repeats else (step,))
    )


def mlp(source: str, activation: str = "gelu", biases: bool = True) -> Program:
    """The MLP of a block: mlp_pre, mlp_post [query d_ff], mlp_out [query d_model], from matrix `source`."""
    if activation not in ACTIVATIONS:
        raise ValueError(f"an activation is one of {', '.join(ACTIVATIONS)}; {activation!r} is not")
    rule, formula, code = ACTIVATIONS[activation]
    letter = _AFTER_NORM if source.endswith(".out") else "U"
    up = Step(
        "mlp_pre", f"P = {letter} W_1", f"mlp_pre = {identifier(source)} @ w_1", (source, "w_1"),
        "query d_model, d_model d_ff -> query d_ff", rules.contract,
        "neurons, before", "Each neuron weighs all features of one token, and of no other.",
        "how strongly neuron {d_ff} is driven at {query}", f"P = W_1 {letter}",
    )  # fmt: skip
    post = Step(
        "mlp_post", formula, f"mlp_post = {code}", ("mlp_pre",), "query d_ff -> query d_ff", rule,
        "neurons, after", "The activation lets what is positive through and holds back the rest.",
        "how active neuron {d_ff} is at {query}",
    )  # fmt: skip
    down = Step(
        "mlp_out", r"R = N W_2", "mlp_out = mlp_post @ w_2", ("mlp_post", "w_2"),
        "query d_ff, d_ff d_model -> query d_model", rules.contract,
        "MLP output", "The active neurons write into the features.", "how much “{d_model}” the MLP adds to {query}",
        r"R = W_2 N",
    )  # fmt: skip
    if not biases:
        return up, post, down
    return (*_with_bias(up, "b_1", "P"), post, *_with_bias(down, "b_2", "R"))


_SUMS = {"residual": "X' = X + Y", "resid_post": "X'' = X' + R"}  # of the two parts that every block has


def _added(name: str, stream: str, part: str) -> Step:
    return Step(
        name, _SUMS.get(name, "X' = X + Y"),
        f"{identifier(name)} = {identifier(stream)} + {identifier(part)}", (stream, part),
        "query d_model, query d_model -> query d_model", rules.add,
        "residual stream", "What this part wrote is added to the stream, which goes past this part as it came.",
        "how much “{d_model}” {query} has now",
    )  # fmt: skip


def _attending(attention: Program, source: str) -> Program:
    """The attention program without its own addition, reading the tokens from matrix `source`."""
    kept = tuple(step for step in attention if step.name.rpartition(".")[2] != "residual")
    letter = _AFTER_NORM if source.endswith(".out") else "X"
    return renamed(tuple(written(step, "x", letter) for step in kept), {"x": source})


def block(
    attention: Program = SELF_ATTENTION, *, kind: str = "layer", post: bool = False, activation: str = "gelu",
    biases: bool = True,
) -> Program:  # fmt: skip
    """One Transformer block around an attention program: x [query d_model] in, resid_post [query d_model] out.

    kind: "layer", "rms" or "" (no norm at all); post: norms after the additions instead of before the parts.
    """
    attention = with_biases(attention) if biases else attention
    parts = (
        ("residual", "projected", lambda stream: _attending(attention, stream)),
        ("resid_post", "mlp_out", lambda stream: mlp(stream, activation, biases)),
    )
    return _on_the_stream(parts, kind, post)


def decoder_block(
    attention: Program = SELF_ATTENTION, *, kind: str = "layer", post: bool = False, activation: str = "gelu",
    biases: bool = True,
) -> Program:  # fmt: skip
    """A decoder block of an encoder-decoder: masked self-attention, cross-attention to `source`, MLP (2017).

    The steps and weights of the cross-attention are called "cross.q", "cross.w_q"; source is [source_key d_source].
    """
    own, other = masked(attention), with_axes(crossed(attention), {"key": "source_key"})
    own, other = (with_biases(program) if biases else program for program in (own, other))
    other = prefixed(other, "cross", _KEPT | {"x"})
    parts = (
        ("residual", "projected", lambda stream: _attending(own, stream)),
        ("cross.residual", "cross.projected", lambda stream: _attending(other, stream)),
        ("resid_post", "mlp_out", lambda stream: mlp(stream, activation, biases)),
    )
    return _on_the_stream(parts, kind, post)


# What a part of a block adds up to, what it makes for that, and its program for the matrix that it reads.
Part = tuple[str, str, Callable[[str], Program]]


def _on_the_stream(parts: Sequence[Part], kind: str, post: bool) -> Program:
    """The parts of a block one after another: each reads the residual stream, normed or not, and adds to it."""
    program: Program = ()
    stream = "x"
    for i, (total, made, part) in enumerate(parts, 1):
        if post and kind:
            added, after = f"sum{i}", norm(f"norm{i}", f"sum{i}", kind)
            program += (*part(stream), _added(added, stream, made), *renamed(after, {f"norm{i}.out": total}))
        else:
            before = norm(f"norm{i}", stream, kind) if kind else ()
            program += (*before, *part(f"norm{i}.out" if before else stream), _added(total, stream, made))
        stream = total
    return program


def stack(blocks: Sequence[Program], x: str = "x", prefix: str = "layer", shared: Sequence[str] = ()) -> Program:
    """Blocks on top of one another: layer1 reads x, layer2 what layer1 left in the stream, and so on.

    Every layer has weights of its own, "layer1.w_q"; `mask`, `scale`, `epsilon`, `source` and what else is `shared` are
    the same for all. Formulas of a later layer say X'_{(1)} for what the first one left.
    """
    program: Program = ()
    stream, letter = x, "X"
    for i, one in enumerate(blocks, 1):
        name, last = f"{prefix}{i}", one[-1]
        layer = prefixed(one, name, _KEPT | {"x"} | set(shared))
        program += renamed(tuple(written(step, "x", letter) for step in layer), {"x": stream})
        stream, letter = f"{name}.{last.name}", f"{last.formula.partition(' =')[0]}_{{({i})}}"
    return program


def encoder_decoder(n_layers: int = 1, **options) -> Program:
    """The Transformer of 2017: an encoder of the given `source` [key d_model], a decoder of x that reads what it left.

    The encoder's tokens are called `source_query` and `source_key`; its steps "encoder1.q", the decoder's "decoder1.q".
    """
    encoder = stack([block(**options)] * n_layers, x="source", prefix="encoder")
    decoder = stack([decoder_block(**options)] * n_layers, prefix="decoder")
    tokens = {"query": "source_query", "key": "source_key"}
    return with_axes(encoder, tokens) + renamed(decoder, {"source": encoder[-1].name})


def next_token(
    program: Program, *, temperature: bool = False, top_k: int | None = None, steady: bool = False, stream: str = ""
) -> Program:  # fmt: skip
    """The program with, at its end, the logits and the distribution of the next token, for every position.

    Reads w_u [d_model vocab] and, where asked for, temperature; top_k keeps the k largest logits (ties all stay).
    The steps: logits, next.tempered, next.cutoff, next.kept, next.row_max, ..., next.probabilities [query vocab].
    steady: the row maximum is subtracted; stream: what is read [query d_model], if not what the program made last.
    """
    stream = stream or program[-1].name
    logits = Step(
        "logits", r"L = X W_U", f"logits = {identifier(stream)} @ w_u", (stream, "w_u"),
        "query d_model, d_model vocab -> query vocab", rules.contract,
        "logits", "Every word of the vocabulary gets a number: how well it fits as the next word.",
        "how well “{vocab}” would follow {query}", r"L = W_U X",
    )  # fmt: skip
    steps: Program = (logits,)
    if temperature:
        steps += (
            Step(
                "next.tempered", r"L_T = L / T", "next_tempered = logits / temperature", ("logits", "temperature"),
                "query vocab, -> query vocab", functions.temper,
                "tempered logits", "Dividing by T below 1 sharpens the choice, above 1 evens it out.",
                "how well “{vocab}” would follow {query}, divided by the temperature",
            ),
        )  # fmt: skip
    if top_k is not None:
        steps += _top(steps[-1], top_k)
    softmax = with_axes(steadied(SOFTMAX) if steady else SOFTMAX, {"key": "vocab"})
    softmax = renamed(softmax, {step.name: f"next.{step.name}" for step in SOFTMAX} | {"scaled": steps[-1].name})
    softmax = renamed(softmax, {"next.weights": "next.probabilities"})
    return program + steps + tuple(_about_words(step, _letter(steps[-1]), steady) for step in softmax)


def _letter(step: Step) -> str:
    """What the logits of a step are called in a formula: L, L_T or L'."""
    return re.sub(r"_\{ij\}$", "", step.formula.partition(" = ")[0])


def _top(source: Step, k: int) -> Program:
    code, letter = identifier(source.name), _letter(source)
    cells = f"{{{letter}}}_{{ij}}"
    return (
        Step(
            "next.cutoff", rf"t_i = \text{{number }}{k}\text{{ of row }} i",
            f"next_cutoff = np.sort({code}, axis=-1)[:, -min({k}, {code}.shape[-1])]", (source.name,),
            "query vocab -> query", functions.kth(k),
            "cut-off", f"The logit that is number {k} by size; what is smaller will not be chosen.",
            "the smallest logit after {query} that is kept",
        ),
        Step(
            "next.kept", rf"L'_{{ij}} = {cells} \text{{ if }} {cells} \ge t_i \text{{, else }} -\infty",
            f"next_kept = np.where({code} >= next_cutoff[:, None], {code}, -np.inf)", (source.name, "next.cutoff"),
            "query vocab, query -> query vocab", functions.keep,
            "kept logits", "What is below the cut-off becomes −∞, and gets probability 0.",
            "the logit of “{vocab}” after {query}, if it is kept",
        ),
    )  # fmt: skip


_OF_WORDS = {  # what is said of softmax, where it shares out the next word: title, sentence, what a cell means
    "row_max": ("subtracted", "What is taken off a row’s logits before exp. Here nothing.",
                "what is subtracted from every logit after {query}"),
    "shifted": ("shifted logits", "The same number is taken off all logits of a row: no probability changes.",
                "the logit of “{vocab}” after {query}, after the subtraction"),
    "exps": ("exponentials", "exp makes every logit positive. A logit that is ln 2 larger counts twice as much.",
             "e to the power of the logit of “{vocab}” after {query}"),
    "row_sums": ("row sums", "The exponentials of a row are added up.", "the exponentials after {query}, added up"),
    "probabilities": ("probabilities", "Each exponential is divided by its row’s sum: shares of one whole.",
                      "the probability that “{vocab}” follows {query}"),
}  # fmt: skip
_LARGEST = "The largest logit of each row. Taking it off changes no probability, and keeps exp from overflowing."


def _about_words(step: Step, letter: str, steady: bool) -> Step:
    """A step of softmax, in the words and letters of logits and probabilities."""
    name = step.name.removeprefix("next.")
    title, says, meaning = _OF_WORDS[name]
    formula, formula_t = (
        text.replace(r"{\tilde S}", f"{{{letter}}}").replace("A_", "p_") for text in (step.formula, step.formula_t)
    )
    return replace(
        step, title=title, says=_LARGEST if name == "row_max" and steady else says, meaning=meaning, formula=formula,
        formula_t=formula_t,
    )  # fmt: skip


BLOCK: Program = block(masked(SELF_ATTENTION))
