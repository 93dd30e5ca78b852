"""Several heads: the same attention, once per head, and two equal ways of putting the outputs together.

Vocabulary
    head axis       weights w_q, w_k [head d_model d_k], w_v [head d_model d_v]: every head has its own
    concatenated    the heads' outputs side by side, times one w_o [(head d_v) d_model]
    summed          every head's output times its own w_o [head d_v d_model], then added up: the same numbers
    split           one wide projection, w_q [d_model (head d_k)], cut into heads afterwards: the same numbers again
    kv_head         keys and values that a group of query heads shares (grouped-query attention, Ainslie et al. 2023);
                    one for all is multi-query attention (Shazeer 2019)
    own             matrices that all heads share as a rule, and of which here every head has its own: a bias, a mask
    switch          1 for a head that counts, 0 for one that is left out: pruned, or held at its mean
"""

from collections.abc import Collection
from dataclasses import replace

from attention_core import functions, moves, rules
from attention_core.programs.editing import SHARED, exchanged, find, lifted, names
from attention_core.programs.one_head import SELF_ATTENTION
from attention_core.trace import Program, Step

_CONCATENATED: Program = (
    Step(
        "concat", r"H = [O_1, O_2, \dots]", "concat = np.concatenate(output, axis=-1)", ("output",),
        "head query d_v -> query (head d_v)", moves.merge,
        "concatenated outputs", "Each head’s output becomes a part of H. Nothing is computed.",
        "what {query} collected, in coordinate {(head d_v)}", r"H = [O_1; O_2; \dots]",
    ),
    Step(
        "projected", r"Y = H W_O", "projected = concat @ w_o", ("concat", "w_o"),
        "query (head d_v), (head d_v) d_model -> query d_model", rules.contract,
        "projected output", "W_O writes what all heads collected back in the features of the embeddings.",
        "how much “{d_model}” all heads add to {query}", r"Y = W_O H",
    ),
)  # fmt: skip
_SUMMED: Program = (
    Step(
        "contributions", r"Y_h = O_h W_{O,h}", "contributions = output @ w_o", ("output", "w_o"),
        "head query d_v, head d_v d_model -> head query d_model", rules.contract,
        "contributions", "Each head writes its own output into all features, by its own rows of W_O.",
        "how much “{d_model}” head {head} adds to {query}", r"Y_h = W_{O,h} O_h",
    ),
    Step(
        "projected", r"Y = \sum_h Y_h", "projected = contributions.sum(axis=0)", ("contributions",),
        "head query d_model -> query d_model", rules.total,
        "projected output", "The heads’ contributions are added up. No head sees another.",
        "how much “{d_model}” all heads add to {query}",
    ),
)  # fmt: skip


def multi_head(program: Program = SELF_ATTENTION, summed: bool = False, own: Collection[str] = ()) -> Program:
    """The program of one head, for several heads: outputs concatenated, or (summed) each with its own part of W_O.

    own: matrices that every head has its own of, though heads usually share them: "bias" [head query key].
    """
    at = names(program).index("projected")
    heads = lifted(program[:at], [name for name in SHARED if name not in own])
    return heads + (_SUMMED if summed else _CONCATENATED) + tuple(map(_of_many, program[at + 1 :]))


def _of_many(step: Step) -> Step:
    """What follows the heads, spoken of several."""
    says = step.says.replace("The head’s contribution is", "The heads’ contributions are")
    return replace(step, says=says, meaning=step.meaning.replace("after the head", "after the heads"))


def _wide(step: Step, n_heads: int) -> Program:
    """A projection for all heads at once, and the step that cuts it into heads."""
    name, letter = step.name, step.name.upper()
    token, d = step.parsed.output
    formula, formula_t = (
        text.replace(f"{letter} =", rf"{letter}_\text{{all}} =") for text in (step.formula, step.formula_t)
    )
    wide = replace(
        step, name=f"{name}_wide", formula=formula, formula_t=formula_t,
        code=step.code.replace(f"{name} =", f"{name}_wide ="), axes=step.axes.replace(d, f"(head {d})"),
        title=f"{step.title} of all heads", meaning=step.meaning.replace(f"{{{d}}}", f"{{(head {d})}}"),
        says="One matrix for all heads: the columns of the first head stand first, then those of the next.",
    )  # fmt: skip
    cut = replace(
        step, formula=rf"{letter}_h = \text{{columns of head }} h \text{{ in }} {letter}_\text{{all}}", formula_t="",
        code=f"{name} = {name}_wide.reshape(len({name}_wide), {n_heads}, -1).swapaxes(0, 1)", inputs=(f"{name}_wide",),
        axes=f"{token} (head {d}) -> head {token} {d}", rule=moves.split(n_heads),
        says="The wide matrix is cut into heads. Nothing is computed: it only matters which columns belong together.",
        meaning=f"{step.meaning}, in head {{head}}",
    )  # fmt: skip
    return wide, cut


def split_heads(
    n_heads: int, program: Program = SELF_ATTENTION, summed: bool = False, own: Collection[str] = ()
) -> Program:
    """Heads as most libraries compute them: one projection each for q, k and v, cut into n_heads afterwards.

    A program that has only some of the three, as one that begins with given weights, cuts those.
    """
    cut = {step.name: _wide(step, n_heads) for step in program if step.name in ("q", "k", "v")}
    return tuple(part for step in multi_head(program, summed, own) for part in cut.get(step.name, (step,)))


def grouped(
    n_heads: int, program: Program = SELF_ATTENTION, summed: bool = False, own: Collection[str] = ()
) -> Program:
    """Query heads that share keys and values in groups: w_k, w_v [kv_head d_model d], w_q [head d_model d_k]."""
    whole = multi_head(program, summed, own)
    shared = {step.name: _shared(step, n_heads) for step in whole if step.name in ("k", "v")}
    return tuple(part for step in whole for part in shared.get(step.name, (step,)))


def _shared(step: Step, n_heads: int) -> Program:
    name, letter = step.name, step.name.upper()
    formula, formula_t = (
        text.replace(f"{letter} =", f"{letter}_g =").replace(f"W_{letter}", f"W_{{{letter},g}}")
        for text in (step.formula, step.formula_t)
    )
    few = replace(
        step, name=f"{name}_groups", code=step.code.replace(f"{name} =", f"{name}_groups ="),
        axes=step.axes.replace("head", "kv_head"), meaning=step.meaning.replace("head {head}", "group {kv_head}"),
        formula=formula, formula_t=formula_t,
    )  # fmt: skip
    token, d = step.parsed.output[1:]
    every = replace(
        step, inputs=(few.name,), formula=rf"{letter}_h = {letter}_{{g(h)}}", formula_t="", rule=moves.repeat(n_heads),
        code=f"{name} = np.repeat({name}_groups, {n_heads} // len({name}_groups), axis=0)",
        axes=f"kv_head {token} {d} -> head {token} {d}",
        says="Each group of query heads uses the same one. Nothing is computed, and the copies need not be stored.",
    )  # fmt: skip
    return few, every


MULTI_HEAD: Program = multi_head()
SUMMED_HEADS: Program = multi_head(summed=True)


# --- A head left out -------------------------------------------------------------------------------------------------

_PRUNED: Program = (
    Step(
        "kept", r"O'_h = s_h O_h", "kept = output * switches[:, None, None]", ("output", "switches"),
        "head query d_v, head -> head query d_v", rules.times,
        "outputs that count", "A head whose switch is 0 hands on nothing; the others hand on what they collected.",
        "what is handed on of what {query} collected, in value coordinate {d_v}, in head {head}",
    ),
)  # fmt: skip
_AT_ITS_MEAN: Program = (
    Step(
        "mean_output", r"\mu_h = \text{mean over the tokens of } O_h", "mean_output = output.mean(axis=1)", ("output",),
        "head query d_v -> head d_v", functions.mean,
        "mean outputs", "What a head hands over on average, whoever the token is.",
        "the mean over all tokens of what head {head} collected, in value coordinate {d_v}",
    ),
    replace(
        _PRUNED[0], formula=r"O'_h = s_h O_h + (1 - s_h)\, \mu_h", rule=functions.switched,
        code="kept = switches[:, None, None] * output + (1 - switches)[:, None, None] * mean_output[:, None]",
        inputs=("output", "switches", "mean_output"),
        axes="head query d_v, head, head d_v -> head query d_v",
        says="A head whose switch is 0 hands on the same to every token: its mean.",
    ),
)  # fmt: skip


def left_out(program: Program, mean: bool = False) -> Program:
    """A program of several heads with a given switch for each: where it is 0, the head hands on nothing, or its mean.

    `switches` [head]. Taking a head's output away is called pruning, or zero ablation; the other, mean ablation.
    """
    at = names(program).index("output") + 1
    readers = (
        replace(
            step, inputs=tuple("kept" if name == "output" else name for name in step.inputs),
            formula=step.formula.replace("O_", "O'_"), formula_t=step.formula_t.replace("O_", "O'_"),
            code=step.code.replace("output", "kept"),
        )
        if "output" in step.inputs else step
        for step in program[at:]
    )  # fmt: skip
    return (*program[:at], *(_AT_ITS_MEAN if mean else _PRUNED), *readers)


# --- Queries from one place, keys and values from another ------------------------------------------------------------


def _from_source(step: Step) -> Step:
    """A projection that reads the source [key d_source] instead of the tokens themselves."""
    return replace(
        step, inputs=("source", step.inputs[1]), code=step.code.replace("x @", "source @"),
        axes=step.axes.replace("d_model", "d_source"), formula=step.formula.replace("X", "Z"),
        formula_t=step.formula_t.replace("X", "Z"),
        says=step.says.replace("The same features", "The source’s features"),
    )  # fmt: skip


def crossed(program: Program) -> Program:
    """The same program with keys and values from a given `source`: [key d_source], its own tokens and features."""
    return exchanged(program, *(_from_source(find(program, name)) for name in "kv"))


CROSS_ATTENTION: Program = crossed(SELF_ATTENTION)


# --- A key-value cache -----------------------------------------------------------------------------------------------


def _appended(step: Step) -> Program:
    name, letter = step.name, step.name.upper()
    *head, _, d = step.parsed.output
    front, along = ("head ", ", axis=-2") if head else ("", "")
    new = replace(step, name=f"{name}_new", code=step.code.replace(f"{name} =", f"{name}_new ="),
                  formula=step.formula.replace(letter, f"{letter}_\\text{{new}}", 1),
                  formula_t=step.formula_t.replace(letter, f"{letter}_\\text{{new}}", 1),
                  axes=step.axes.replace("key", "new"), meaning=step.meaning.replace("{key}", "{new}"))  # fmt: skip
    every = replace(
        step, inputs=(f"{name}_past", new.name), formula=rf"{letter} = [{letter}_\text{{past}}; {letter}_\text{{new}}]",
        formula_t=rf"{letter} = [{letter}_\text{{past}}, {letter}_\text{{new}}]", rule=moves.append,
        axes=f"{front}past {d}, {front}new {d} -> {front}key {d}",
        code=f"{name} = np.concatenate([{name}_past, {name}_new]{along})",
        says="What was kept from earlier tokens, with the new rows after it. The earlier rows are not computed again.",
    )  # fmt: skip
    return new, every


def cached(program: Program = SELF_ATTENTION) -> Program:
    """The program for new tokens x only: k_past and v_past [past d] are given, k and v grow by the new rows.

    Where the program has heads, so have they: [head past d].
    """
    before, after = names(program).index("k"), names(program).index("v") + 1
    grown = (part for name in "kv" for part in _appended(find(program, name)))
    return (*program[:before], *grown, *program[after:])
