"""What a program may be given: every matrix that a learner sees and no step makes.

Vocabulary
    letter    how the matrix is called in a formula, in LaTeX
    meaning   where a cell sits, in words; {query}, {d_model}, ... become the cell's labels
    layer     "layer1.w_q" is spoken of as w_q is: see given_of
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Given:
    """A matrix that the learner gives: its letter (LaTeX), its name in words, its axes, and where a cell sits."""

    letter: str
    title: str
    axes: tuple[str, ...]
    meaning: str


GIVENS: Mapping[str, Given] = {
    "x": Given("X", "embeddings", ("query", "d_model"), "how much “{d_model}” {query} has"),
    "w_q": Given(
        "W_Q", "query weights", ("d_model", "d_k"), "what the feature {d_model} adds to query coordinate {d_k}"
    ),
    "w_k": Given("W_K", "key weights", ("d_model", "d_k"), "what the feature {d_model} adds to key coordinate {d_k}"),
    "w_v": Given(
        "W_V", "value weights", ("d_model", "d_v"), "what the feature {d_model} adds to value coordinate {d_v}"
    ),
    "w_o": Given(
        "W_O", "output weights", ("d_v", "d_model"), "what value coordinate {d_v} adds to the feature {d_model}"
    ),
    "q": Given("Q", "queries", ("query", "d_k"), "what {query} asks for, in coordinate {d_k}"),
    "k": Given("K", "keys", ("key", "d_k"), "what {key} can be found by, in coordinate {d_k}"),
    "v": Given("V", "values", ("query", "key"), "what {query} finds in the table at {key}"),
    "scores": Given("S", "scores", ("query", "key"), "the score of {query} with {key}"),
    "weights": Given("A", "weights", ("query", "key"), "how much {query} takes from {key}"),
    "constant": Given("a", "constant", (), "what is added to every score"),
    "scale": Given("c", "scale", (), "the factor that every score is multiplied by"),
    "bias": Given(
        "B", "position bias", ("query", "key"), "what is added when {query} looks at {key}, for where they stand"
    ),
    "mask": Given("M", "mask", ("query", "key"), "whether {query} may see {key}: 1 = yes, 0 = no"),
    "softcap": Given("C", "softcap", (), "what no score gets beyond, above or below"),
    "temperature": Given("T", "temperature", (), "what every score is divided by before softmax"),
    "source": Given("Z", "source", ("key", "d_source"), "how much “{d_source}” {key} has"),
    "picture": Given(
        "I", "picture", ("pixel_row", "pixel_col"), "how filled the pixel in row {pixel_row}, column {pixel_col} is"
    ),
    "k_past": Given("K_P", "cached keys", ("past", "d_k"), "what {past} can be found by, in coordinate {d_k}"),
    "v_past": Given("V_P", "cached values", ("past", "d_v"), "what {past} hands over, in coordinate {d_v}"),
    "places": Given("P", "places", ("query", "d_model"), "what the place of {query} adds to the feature {d_model}"),
    "positions": Given("p", "positions", ("query",), "where {query} stands"),
    "frequencies": Given("f", "frequencies", ("d_k",), "the angle that one place further adds in coordinate {d_k}"),
    "signs": Given("s", "signs", ("d_k",), "the sign of a quarter turn in coordinate {d_k}"),
    "slopes": Given("m", "slopes", ("head",), "what one place of distance costs in head {head}"),
    "switches": Given("s", "switches", ("head",), "whether the head “{head}” counts: 1 = yes, 0 = it is left out"),
    "table": Given("t", "biases by distance", ("distance",), "what the distance number {distance} adds to a score"),
    "gain": Given("g", "gains", ("d_model",), "what the normed feature {d_model} is multiplied by"),
    "shift": Given("b", "shifts", ("d_model",), "what is added to the normed feature {d_model}"),
    "epsilon": Given(r"\epsilon", "epsilon", (), "what keeps from dividing by 0"),
    "b_q": Given("b_Q", "query biases", ("d_k",), "what is added to query coordinate {d_k}, whatever the token"),
    "b_k": Given("b_K", "key biases", ("d_k",), "what is added to key coordinate {d_k}, whatever the token"),
    "b_v": Given("b_V", "value biases", ("d_v",), "what is added to value coordinate {d_v}, whatever the token"),
    "b_o": Given("b_O", "output biases", ("d_model",), "what is added to the feature {d_model}, whatever the token"),
    "w_1": Given("W_1", "first MLP weights", ("d_model", "d_ff"), "what the feature {d_model} adds to neuron {d_ff}"),
    "b_1": Given("b_1", "first MLP biases", ("d_ff",), "what is added to neuron {d_ff}, whatever the token"),
    "w_2": Given("W_2", "second MLP weights", ("d_ff", "d_model"), "what neuron {d_ff} adds to the feature {d_model}"),
    "b_2": Given("b_2", "second MLP biases", ("d_model",), "what is added to {d_model}, whatever the token"),
    "q_scaled": Given(
        r"\tilde Q", "scaled queries", ("query", "d_k"), "what {query} asks for, in coordinate {d_k}, divided by √d_k"
    ),
    "values": Given("V", "values", ("key", "d_v"), "what {key} hands over, in value coordinate {d_v}"),
    "lora_a": Given("W_A", "first factor of the change", ("d_model", "rank"), "cell {rank} of the feature {d_model}"),
    "lora_b": Given("W_B", "second factor of the change", ("rank", "d_k"), "cell {rank} of query coordinate {d_k}"),
    "w": Given("W", "weights", ("row", "column"), "the weight in row {row}, column {column}"),
    "levels": Given("L", "largest code", (), "the largest whole number that a code may be"),
    "w_r": Given("W_R", "router", ("d_model", "expert"), "how much the feature {d_model} speaks for expert {expert}"),
    "residual": Given(
        "X'", "residual stream", ("query", "d_model"), "how much “{d_model}” {query} has, after the head"
    ),
    "resid_post": Given(
        "X''", "residual stream", ("query", "d_model"), "how much “{d_model}” {query} has, after the block"
    ),
    "logits": Given("L", "logits", ("query", "vocab"), "how well “{vocab}” would follow {query}"),
    "w_e": Given("W_E", "embedding weights", ("vocab", "d_model"), "how much “{d_model}” the word “{vocab}” has"),
    "words": Given("T", "words", ("query", "vocab"), "1 where {query} is the word “{vocab}”, else 0"),
    "goal": Given("G", "goal", ("query", "d_model"), "how much “{d_model}” {query} should have"),
    "focus": Given("F", "focus", ("query", "d_model"), "how much “{d_model}” of {query} counts in the loss"),
    "targets": Given("G", "right answers", ("query", "vocab"), "how much of {query}’s next word should be “{vocab}”"),
    "pattern": Given("G", "pattern to learn", ("query", "key"), "how much {query} should take from {key}"),
    "counted": Given("n", "counted", ("query",), "how much {query} counts in the loss"),
    "d_weights": Given(
        r"\partial A",
        "gradient: weights",
        ("query", "key"),
        "how fast the loss rises with how much {query} takes from {key}",
    ),
    "rate": Given(r"\eta", "learning rate", (), "how far one step goes"),
    "clip": Given("c", "limit of the gradient", (), "how long all gradients together may be"),
    "beta1": Given(r"\beta_1", "memory of the mean", (), "how much of the running mean is kept"),
    "beta2": Given(r"\beta_2", "memory of the square", (), "how much of the running mean square is kept"),
    "known1": Given(r"1 - \beta_1^t", "known of the mean", (), "how much of the running mean is known by now"),
    "known2": Given(r"1 - \beta_2^t", "known of the square", (), "how much of the mean square is known by now"),
    "tiny": Given(r"\epsilon", "epsilon", (), "what keeps from dividing by 0"),
    "k_frozen": Given("K_F", "frozen keys", ("frozen", "d_k"), "what {frozen} can be found by, in coordinate {d_k}"),
    "v_frozen": Given("V_F", "frozen values", ("frozen", "d_v"), "what {frozen} hands over, in value coordinate {d_v}"),
    "previous": Given(
        "A_P", "weights of the first head", ("query", "key"), "how much {query} takes from {key}, in the first head"
    ),
    "w_u": Given("W_U", "unembedding", ("d_model", "vocab"), "how much the feature {d_model} speaks for “{vocab}”"),
}


# What an optimiser keeps about weights, in front of their name.
_KEPT = {
    "mean": ("m", "running mean of the gradient", "the mean so far of the gradient of"),
    "square": ("s", "running mean of its square", "the mean square so far of the gradient of"),
}


def given_of(name: str) -> Given:
    """What is said about the given matrix `name`, in whatever layer. Raises KeyError for a name that has no entry.

    "mean_w_q" and "square_w_q" are what an optimiser keeps about the gradients of w_q.
    """
    own = name.rpartition(".")[2]
    kind, _, weights = own.partition("_")
    if kind in _KEPT and weights in GIVENS:
        letter, title, meaning = _KEPT[kind]
        about = GIVENS[weights]
        return Given(letter, f"{title}: {about.title}", about.axes, f"{meaning} {about.meaning}")
    return GIVENS[own]
