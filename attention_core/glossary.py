"""The words of attention, each in one or two plain sentences; what is disputed says so.

Vocabulary
    term        a word that a lesson may use: "query". It may be found by other names, too ("q", "queries")
    symbol      how the term is written in formulas, as LaTeX
    related     terms that are worth reading next
    contested   what people who know the subject disagree about, in a sentence

The first name of a term is what a reader sees; among the other names are the names of our matrices ("q", "scores"), so
that a symbol on the screen leads to its term.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """One word explained. also: other names it is found by; see: related terms, by their first name."""

    name: str
    says: str
    symbol: str = ""
    also: tuple[str, ...] = ()
    see: tuple[str, ...] = ()
    contested: str = ""


_TERMS = (
    # --- what goes in ---
    Term(
        "token",
        "A piece of text that the model treats as one: here a word, in real models often a part of a word.",
        see=("embedding",),
    ),
    Term(
        "feature",
        "One coordinate of a token's vector, read as a property: noun, red, round. In our examples each has a name; "
        "in a trained model most have none.",
        also=("features",), see=("embedding", "superposition"),
        contested="Whether the features that a trained model uses are single directions at all is an open "
        "question.",
    ),
    Term(
        "embedding",
        "The row of numbers that stands for a token when it enters the model.",
        symbol="X", also=("x", "embeddings"), see=("token", "d_model", "residual stream"),
    ),
    Term(
        "parameter",
        "A number that training sets and that then stays the same for every sentence, such as a cell of W_Q. Scores "
        "and weights are no parameters: they are computed anew for each sentence.",
        symbol="W", also=("parameters", "w_q", "w_k", "w_v", "w_o"), see=("projection", "gradient", "weight"),
    ),
    # --- one head ---
    Term(
        "attention",
        "A token gathers from other tokens: it compares its query with their keys, turns the scores into shares, and "
        "takes that share of each value. The word is borrowed; nothing in it is aware of anything.",
        symbol=r"\operatorname{softmax}\!\left(QK^\top/\sqrt{d_k}\right)V",
        also=("self-attention",),
        see=("query", "key", "value", "weight"),
        contested="Whether large weights explain why a model answered as it did is contested: they show where it "
        "took from, not what made the difference.",
    ),
    Term(
        "query",
        "What a token looks for: its embedding times W_Q. It is compared with every key that it may see.",
        symbol="Q = XW_Q", also=("q", "queries"), see=("key", "score", "projection"),
    ),
    Term(
        "key",
        "What a token can be found by: its embedding times W_K. Queries are compared with it.",
        symbol="K = XW_K", also=("k", "keys"), see=("query", "score", "value"),
    ),
    Term(
        "value",
        "What a token hands over when it is attended to: its embedding times W_V.",
        symbol="V = XW_V", also=("v", "values"), see=("key", "weight", "output"),
    ),
    Term(
        "score",
        "The dot product of a query and a key, before softmax. Any real number; large means that they fit.",
        symbol=r"S = QK^\top", also=("scores",), see=("scaled score", "weight", "dot product"),
    ),
    Term(
        "scaled score",
        "A score times the scale, usually 1/√d_k, so that its spread does not grow with d_k.",
        symbol=r"S/\sqrt{d_k}", also=("scaled", "scale", "scaling"), see=("score", "d_k", "softmax"),
        contested="The usual reason, that unscaled scores have standard deviation √d_k, assumes independent random "
        "queries and keys. Trained ones are neither; some models use other scales.",
    ),
    Term(
        "weight",
        "A score after softmax: the share that one token takes from another. The weights of a query are 0 or more "
        "and add up to 1. (The cells of W_Q are called weights as well: those are parameters.)",
        symbol="A", also=("weights", "attention weight"), see=("score", "softmax", "parameter"),
    ),
    Term(
        "output",
        "What a head gives a token: the values, mixed by the token's own row of weights. It belongs to the token "
        "whose query it was.",
        symbol="H = AV", also=("head output",), see=("value", "weight", "residual stream"),
    ),
    Term(
        "head",
        "One complete round of attention with its own W_Q, W_K, W_V and W_O. A layer has several; what they write is "
        "added up.",
        symbol=r"n_{\text{heads}}", also=("heads", "n_heads", "number of heads"), see=("attention", "layer"),
        contested="That a head has one job (“the head for adjectives”) is true of our examples and of some heads "
        "of real models; many mix several jobs.",
    ),
    # --- several heads ---
    Term(
        "multi-head attention",
        "Several heads in one layer, all reading the same tokens. Their outputs are laid side by side and multiplied "
        "by W_O; or each by its own rows of W_O, and added up. Both are the same.",
        symbol=r"Y=[O_1,O_2,\dots]W_O=\sum_h O_hW_{O,h}", also=("multi-head", "MHA", "contributions"),
        see=("head", "concatenation", "d_head"),
    ),
    Term(
        "concatenation",
        "Laying matrices side by side, or one below the other. No number changes.",
        symbol="[O_1,O_2]", also=("concat", "concatenate", "concatenated"), see=("multi-head attention", "matrix"),
    ),
    Term(
        "d_head",
        "How many coordinates a head works with: its d_k, and usually its d_v as well. Most often d_model divided by "
        "the number of heads.",
        symbol=r"d_{\text{head}}=d_{\text{model}}/h", see=("d_k", "d_v", "multi-head attention"),
    ),
    Term(
        "grouped-query attention",
        "Several query heads share one head of keys and values. Less is kept for each token of a text, by as many "
        "times as heads share.",
        also=("grouped-query", "GQA", "grouped heads", "kv_head", "k_groups", "v_groups"),
        see=("multi-query attention", "KV cache", "multi-head attention"),
    ),
    Term(
        "multi-query attention",
        "All query heads of a layer share one head of keys and values.",
        also=("multi-query", "MQA"), see=("grouped-query attention", "KV cache"),
    ),
    Term(
        "pruning",
        "Leaving something of a model out, here a head: 0 stands for its output. What the model then does worse says "
        "what hung on it.",
        symbol="s_h=0", also=("prune", "zero ablation", "ablation", "switches", "kept"), see=("mean ablation", "head"),
    ),
    Term(
        "mean ablation",
        "Putting the mean of a head’s output, over many tokens, in its place. What it gives to all alike stays; what "
        "it tells tokens apart by is gone.",
        also=("mean-ablate", "mean_output"), see=("pruning", "head"),
    ),
    # --- softmax ---
    Term(
        "softmax",
        "Turns a row of numbers into shares: take the exponential of each, divide by their sum. Larger numbers get "
        "more, every share is positive, and together they make 1.",
        symbol=r"\frac{e^{s_j}}{\sum_i e^{s_i}}",
        also=("normalised exponential",),
        see=("exponential", "row sum", "temperature", "log-sum-exp"),
        contested="The name is unlucky: it is a soft arg max, a soft choice of the largest. The soft maximum "
        "itself is log-sum-exp.",
    ),
    Term(
        "logit",
        "A number that is about to go through softmax. In attention that is the (scaled, masked) score; at the end "
        "of a model, one number for each possible next token.",
        symbol="z", also=("logits",), see=("score", "softmax"),
        contested="In statistics the logit is ln(p/(1−p)) of a probability p; the two meanings agree only for two "
        "choices.",
    ),
    Term(
        "exponential",
        "exp(x) is e = 2.718… to the power x: 1 at 0, always positive. Adding ln 3 to x makes it 3 times as large.",
        symbol="e^x", also=("exp", "exps"), see=("softmax", "row sum"),
    ),
    Term(
        "row sum",
        "The sum of the exponentials of one query. Each of them is divided by it; it is one number for a row, used "
        "in every cell of that row.",
        symbol=r"\sum_j e^{s_j}", also=("row sums", "row_sums", "denominator"), see=("softmax", "broadcast"),
    ),
    Term(
        "row maximum",
        "The largest score of a row. Subtracting it before the exponentials changes no weight and keeps them from "
        "overflowing.",
        symbol=r"\max_j s_j", also=("row_max", "shifted"), see=("softmax", "log-sum-exp"),
    ),
    Term(
        "temperature",
        "What scores are divided by before softmax. Below 1 makes the shares sharper, above 1 more even. It is a "
        "setting of the computation; nothing in a prompt can change it.",
        symbol="T", also=("tempered",), see=("softmax", "arg max"),
    ),
    Term(
        "log-sum-exp",
        "The logarithm of the sum of the exponentials: a soft maximum, never less than the largest number. Its "
        "derivative is softmax.",
        symbol=r"\ln\sum_j e^{s_j}", also=("LSE", "logsumexp", "soft maximum"), see=("softmax", "arg max"),
    ),
    Term(
        "arg max",
        "The place of the largest number; not the number itself. Softmax comes ever closer to it as the temperature "
        "goes to 0.",
        symbol=r"\operatorname{arg\,max}_j s_j", also=("argmax", "hard maximum"), see=("softmax", "temperature"),
    ),
    Term(
        "entropy",
        "How evenly shares are spread, in bits: 0 when one takes all, log₂ n when n share evenly.",
        symbol=r"-\sum_j a_j\log_2 a_j", see=("weight", "temperature"),
    ),
    # --- geometry ---
    Term(
        "dot product",
        "Multiply two vectors coordinate by coordinate and add up. Large when they point the same way and are long; "
        "0 when they are perpendicular.",
        symbol=r"q\cdot k=\sum_i q_i k_i", also=("dot", "inner product"), see=("cosine", "norm", "score"),
    ),
    Term(
        "cosine",
        "The dot product divided by both norms: the angle only, between −1 and 1. Attention uses the dot product, "
        "not the cosine.",
        symbol=r"\frac{q\cdot k}{\lVert q\rVert\,\lVert k\rVert}",
        also=("cosine similarity",),
        see=("dot product", "norm"),
    ),
    Term(
        "norm",
        "The length of a vector: the square root of the sum of its squared coordinates.",
        symbol=r"\lVert q\rVert", also=("length of a vector",), see=("dot product", "cosine"),
    ),
    Term(
        "orthogonal",
        "Perpendicular: the dot product is 0. Two random directions in many dimensions are nearly so.",
        symbol=r"q\perp k", also=("perpendicular", "near-orthogonal"), see=("dot product", "superposition"),
    ),
    Term(
        "similarity",
        "How well two vectors match by some measure. In attention it is measured between a query and a key, both of "
        "them projected, so what counts as similar is learned.",
        also=("similar",), see=("dot product", "cosine", "projection"),
        contested="“Attention measures how similar two words are” is too short: between the embeddings it measures "
        "whatever W_Q and W_K make of them.",
    ),
    # --- matrices and shapes ---
    Term(
        "matrix",
        "A table of numbers with rows and columns. “5×4” means 5 rows and 4 columns.",
        also=("matrices", "shape"), see=("transpose", "matrix product"),
    ),
    Term(
        "matrix product",
        "Row times column: cell (i, j) is the dot product of row i of the first matrix and column j of the second. "
        "n×m times m×p is n×p.",
        symbol="AB", also=("product",), see=("matrix", "dot product"),
    ),
    Term(
        "transpose",
        "The matrix with rows and columns exchanged; no number changes, only where it stands.",
        symbol=r"K^\top", also=("transposed",), see=("matrix",),
    ),
    Term(
        "broadcast",
        "One number, or one row, used for a whole row or matrix: the row sum divides every cell of its row. Nothing "
        "is transposed.",
        also=("broadcasting",), see=("row sum", "matrix"),
    ),
    Term(
        "projection",
        "A matrix product that takes a vector from one space to another: X times W_Q gives the queries. It may have "
        "fewer coordinates than before.",
        symbol="XW", also=("linear map", "projected"), see=("parameter", "rank", "bias of a projection"),
        contested="In geometry a projection is a map that changes nothing when applied twice. The projections of "
        "attention are in general not of that kind; the field kept the word.",
    ),
    Term(
        "bias of a projection",
        "A row of numbers added after the product, the same for every token. A key bias adds the same to all scores "
        "of a query, so softmax does not notice it; a query bias does count.",
        symbol="XW_Q + b_Q", also=("b_q", "b_k", "b_v", "b_o"), see=("projection", "position bias"),
    ),
    Term(
        "position bias",
        "A number added to a score for where the two tokens stand, not for what they are.",
        symbol="S + B",
        also=("bias", "biased", "bias of a position", "relative position"),
        see=("score", "bias of a projection"),
    ),
    Term(
        "position",
        "Where a token stands in the text. Attention does not see it unless something brings it in: into X, into "
        "queries and keys, or into the scores.",
        symbol="i", also=("positions", "place", "places", "placed"), see=("position bias", "permutation", "rotary"),
    ),
    Term(
        "one-hot",
        "A row with a single 1 and otherwise 0: one coordinate for each thing, here for each place in the text.",
        also=("one-hot position",), see=("position", "sinusoidal"),
    ),
    Term(
        "sinusoidal",
        "Places told by sines and cosines of several speeds, added to the embeddings. A step in the text turns each "
        "pair of them by a fixed angle.",
        symbol=r"\sin(p f), \cos(p f)", also=("sinusoidal position",), see=("position", "rotary"),
    ),
    Term(
        "rotary",
        "Queries and keys turned, pair of coordinates by pair, by an angle that grows with the place. Their score "
        "then depends on the distance, not on where both stand.",
        also=("RoPE", "rotary position"), see=("position", "rotation", "sinusoidal"),
    ),
    Term(
        "ALiBi",
        "Attention with linear biases: every place between two tokens takes the same off their score. Each head has "
        "a slope of its own.",
        symbol="S - m|i - j|", also=("slopes",), see=("position bias", "position"),
    ),
    Term(
        "rank",
        "How many independent rows (or columns) a matrix has: the number of directions that it can tell apart. W_Q "
        "W_Kᵀ has at most rank d_k.",
        symbol=r"\operatorname{rank}", also=("low rank",), see=("projection", "d_k"),
    ),
    Term(
        "combined weights",
        "The product of W_Q and the transpose of W_K: one table that says how strongly each feature looks for each. "
        "The scores depend on nothing else of the two.",
        symbol=r"W_Q W_K^\top", also=("w_qk", "combined matrix", "wanted", "regained"),
        see=("rank", "projection", "score"),
    ),
    Term(
        "symmetric",
        "Equal to its own mirror image: the cell in row i, column j has the number of the cell in row j, column i.",
        symbol=r"S = S^\top", also=("symmetry",), see=("transpose", "combined weights"),
    ),
    Term(
        "rotation",
        "A change of coordinates that turns every vector and keeps all lengths and all dot products.",
        symbol="R", also=("turned", "rotate"), see=("dot product", "combined weights"),
    ),
    Term(
        "offer",
        "What a token adds to one that takes all of it: its embedding times W_V and W_O. The product of the two is one "
        "map from features to features; a head adds offers times shares.",
        symbol=r"X W_V W_O", also=("offers", "offered", "w_ov", "value map", "remixed"),
        see=("value", "residual stream", "rank"),
    ),
    Term(
        "identity",
        "The matrix with 1 on its diagonal and 0 elsewhere. What is multiplied by it stays as it is.",
        symbol="I", also=("identity matrix",), see=("matrix product", "projection"),
    ),
    Term(
        "linear",
        "Made of sums and of products with fixed numbers only. A linear map of a weighted mean is the weighted mean of "
        "what the map makes of each part.",
        symbol="f(ax+by)=af(x)+bf(y)", also=("linearity",), see=("matrix product", "MLP"),
    ),
    Term(
        "permutation",
        "A reordering. Without positions or mask, reordering the tokens reorders the outputs and changes nothing "
        "else.",
        symbol=r"\pi", also=("shuffle", "equivariance"), see=("position bias", "mask"),
    ),
    # --- sizes ---
    Term(
        "d_model",
        "How many numbers stand for a token in the residual stream: the width of X.",
        symbol=r"d_{\text{model}}", see=("embedding", "d_k"),
    ),
    Term(
        "d_k",
        "How many coordinates a query and a key have, in one head. They must have equally many: they are multiplied "
        "pair by pair.",
        symbol="d_k", also=("head size",), see=("query", "key", "scaled score"),
    ),
    Term(
        "d_v",
        "How many coordinates a value has, in one head. Often equal to d_k, but it need not be.",
        symbol="d_v", see=("value", "d_k"),
    ),
    # --- who sees whom ---
    Term(
        "mask",
        "Says which query may see which key. A forbidden score becomes −∞ before softmax, so its weight is exactly 0 "
        "and the others still add up to 1.",
        symbol="M", also=("masked", "masking"), see=("causal", "softmax"),
    ),
    Term(
        "causal",
        "Each token sees itself and the tokens before it, never those after it.",
        symbol=r"j\le i", also=("causal mask",), see=("mask", "query"),
        contested="“Causal” says nothing about causes here: it is only about the order of the tokens.",
    ),
    Term(
        "prefix mask",
        "All tokens see the first few, and otherwise each sees itself and what came before: a question is read as a "
        "whole, the answer written word by word.",
        also=("prefix",), see=("mask", "causal"),
    ),
    Term(
        "padding",
        "Places that hold no token, so that texts of different lengths fit one table. A mask hides them from all.",
        also=("pad",), see=("mask", "token"),
    ),
    Term(
        "KV cache",
        "The keys and values of earlier tokens, kept while a text grows. A causal mask makes that possible: later "
        "tokens never change them.",
        also=("cache", "key-value cache"), see=("key", "value", "causal"),
    ),
    # --- two sources ---
    Term(
        "cross-attention",
        "Attention with two sources: queries are made of one sequence, keys and values of another. The arithmetic is "
        "that of self-attention.",
        also=("encoder-decoder attention",), see=("source", "encoder", "decoder", "query"),
    ),
    Term(
        "source",
        "The sequence that keys and values are made of, where it is not the one that asks: in translation, the "
        "sentence that is read.",
        symbol="Z", also=("source sequence",), see=("cross-attention", "encoder", "key", "value"),
    ),
    Term(
        "encoder",
        "The part of a model that reads what is there already. Every token may see all others, before it and after "
        "it.",
        see=("decoder", "mask", "cross-attention"),
    ),
    Term(
        "decoder",
        "The part of a model that writes: each token sees itself and what was written before. Beside an encoder it "
        "also reads the source, by cross-attention.",
        also=("decoder-only",), see=("encoder", "causal", "cross-attention"),
        contested="Models such as GPT are called decoders although they have no encoder whose work they could decode.",
    ),
    Term(
        "patch",
        "A square piece of a picture, treated as a token. Its pixels, in the order of reading, are its row of numbers.",
        also=("patches", "picture", "mixed"), see=("token", "vision transformer"),
    ),
    Term(
        "vision transformer",
        "A model that cuts a picture into patches and reads them as an encoder reads words. Each patch is projected "
        "to d_model numbers, and its place is added.",
        also=("ViT",), see=("patch", "encoder", "position"),
    ),
    # --- what it costs ---
    Term(
        "FlashAttention",
        "A head computed tile by tile: some keys at a time, with the online softmax, so that the whole table of scores "
        "never stands in memory. What comes out is the same.",
        also=("tile", "tiles", "tiled"), see=("online softmax", "row maximum", "KV cache"),
    ),
    Term(
        "online softmax",
        "Softmax over scores that arrive bit by bit. Kept are the largest so far, the sum and the output so far; when "
        "a larger score comes, both are multiplied by one factor, the correction.",
        symbol=r"e^{m'-m}", also=("correction", "running maximum", "running sum"),
        see=("FlashAttention", "softmax", "row maximum"),
    ),
    Term(
        "window",
        "A mask in which each token sees only so many tokens near it. What must be computed then grows with the "
        "length, and not with its square.",
        also=("sliding window", "window attention"), see=("mask", "BigBird", "attention sink"),
    ),
    Term(
        "BigBird",
        "A mask of three parts: a window, a few global tokens that see all and are seen by all, and a few random "
        "tokens for each.",
        also=("global token", "global tokens"), see=("window", "mask"),
    ),
    Term(
        "attention sink",
        "A token on which others rest their attention when they look for nothing; often the first of the text. It "
        "hands hardly anything over.",
        also=("sink",), see=("window", "weight"),
        contested="Why trained models do so is still studied: that shares must add up to 1 is one reason given.",
    ),
    Term(
        "prefix caching",
        "The keys and values of a text that many prompts begin with, kept from one prompt to the next. It spares "
        "reading the text again; each new token still looks at all of it.",
        also=("prompt caching",), see=("KV cache", "prefix mask"),
    ),
    Term(
        "soft prompt",
        "A few trained vectors put before the embeddings of a text. They belong to no word; the model itself stays as "
        "it is.",
        also=("prompt tuning",), see=("embedding", "LoRA", "parameter"),
    ),
    Term(
        "linear attention",
        "Attention without exp: products of queries, keys and values can then be added up in another order, into a "
        "state of fixed size that each token adds to and reads.",
        also=("state", "feature map"), see=("softmax", "KV cache", "linear"),
    ),
    Term(
        "LoRA",
        "Fine-tuning by a change of low rank: a trained matrix stays as it is, and the product of two narrow ones is "
        "trained and added to it.",
        symbol=r"W + W_A W_B", also=("low-rank adaptation",), see=("rank", "parameter", "soft prompt"),
    ),
    Term(
        "quantisation",
        "Weights kept as small whole numbers times a spacing. Fewer bits take less memory and are off by more: by half "
        "the spacing at most.",
        also=("quantization", "quantised", "codes", "spacing"), see=("parameter", "LoRA"),
    ),
    Term(
        "mixture of experts",
        "Several MLPs in place of one, and a router that picks a few of them for each token. All are stored; only "
        "those picked are computed.",
        also=("MoE", "experts", "router", "gates"), see=("MLP", "softmax", "parameter"),
    ),
    # --- around the head ---
    Term(
        "residual stream",
        "The row of numbers that a token carries through the model. Heads and MLPs read it and add to it; nothing is "
        "replaced.",
        symbol="X' = X + HW_O",
        also=("residual", "residual connection", "skip connection"),
        see=("embedding", "layer", "head"),
    ),
    Term(
        "layer",
        "One storey of the model: all its heads, then an MLP, each adding to the residual stream.",
        symbol=r"\ell", also=("block", "layers"), see=("head", "MLP", "residual stream"),
        contested="Some say “layer” for attention and MLP together, some for each of them, some for any matrix "
        "product.",
    ),
    Term(
        "MLP",
        "Two matrix products with a bend (such as GELU) in between, applied to each token on its own. It moves "
        "nothing between tokens.",
        symbol=r"\phi(XW_1+b_1)W_2+b_2", also=("feed-forward network", "FFN"), see=("layer", "neuron", "parameter"),
    ),
    Term(
        "neuron",
        "One column of an MLP’s first matrix: a weighted sum of a token’s features, with a bias. What is left of it "
        "after the bend is written back by its row of the second matrix.",
        symbol=r"n = \phi(xw + b)", also=("neurons", "mlp_pre", "mlp_post", "hidden unit"), see=("MLP", "GELU"),
        contested="That a neuron stands for one thing that can be named is true of ours. Most neurons of trained "
        "models react to several.",
    ),
    Term(
        "GELU",
        "A bend: lets most of a large positive number through, and next to nothing of a large negative one. ReLU does "
        "the same with a sharp corner: max(0, x).",
        symbol=r"x\,\Phi(x)", also=("activation", "ReLU"), see=("neuron", "MLP", "linear"),
    ),
    Term(
        "layer normalisation",
        "Shifts and stretches a token's numbers to mean 0 and variance 1, then applies a learned gain and shift.",
        also=("LayerNorm", "layer norm"), see=("layer", "residual stream"),
    ),
    # --- the next word ---
    Term(
        "unembedding",
        "The matrix at a model’s end: a column for each word of the vocabulary. A row of the residual stream times it "
        "says how well each word fits as the next.",
        symbol="W_U", also=("w_u", "vocabulary", "logit lens"), see=("logit", "embedding", "residual stream"),
    ),
    Term(
        "sampling",
        "Drawing the next token by its probability, and not always the most probable one. The same seed draws the "
        "same.",
        also=("sample", "draw", "seed"), see=("temperature", "top-k", "logit"),
    ),
    Term(
        "top-k",
        "Only the k most probable tokens may be drawn; their shares are divided by their sum, and so make 1 again.",
        also=("top k",), see=("sampling", "softmax"),
    ),
    # --- learning ---
    Term(
        "derivative",
        "How much a result changes for a tiny change of one number: the slope at that place. Training needs it to be "
        "other than 0 somewhere.",
        symbol=r"\frac{\partial y}{\partial x}", also=("slope",), see=("gradient",),
    ),
    Term(
        "gradient",
        "All derivatives of one number (usually the loss) together: for each parameter, which way and how fast the "
        "loss changes.",
        symbol=r"\nabla L", also=("gradients",), see=("derivative", "parameter", "loss", "backpropagation"),
    ),
    Term(
        "loss",
        "One number that says how wrong the model was. Training changes the parameters so that it falls.",
        symbol="L", also=("objective",), see=("gradient",),
    ),
    Term(
        "learning rate",
        "How far one step of training goes: each parameter moves by so many times its gradient, against it. Too small "
        "takes long; too large jumps over the valley.",
        symbol=r"\eta", also=("rate",), see=("gradient descent", "SGD", "Adam"),
    ),
    Term(
        "backpropagation",
        "One walk from the loss back through all steps, which gives the gradient of every parameter at once: each step "
        "hands back what it got, times its own slope.",
        also=("backprop", "backward pass"), see=("gradient", "derivative"),
    ),
    Term(
        "SGD",
        "Stochastic gradient descent: gradient descent whose gradient is computed from a few sentences, drawn by "
        "chance anew for each step.",
        also=("stochastic gradient descent",), see=("gradient descent", "learning rate", "Adam"),
    ),
    Term(
        "Adam",
        "Gradient descent with a memory (Kingma and Ba 2015): it follows the running mean of each gradient, in units "
        "of its usual size, so that parameters with small gradients move as far as others.",
        see=("SGD", "learning rate"),
    ),
    Term(
        "random seed",
        "The number from which a computer makes random numbers: the same seed, the same numbers, and so the same run "
        "of training.",
        see=("parameter",),
    ),
    Term(
        "superposition",
        "More features than dimensions: they share coordinates as directions that are nearly perpendicular, and "
        "disturb one another a little. It does not mean that residual streams are added.",
        see=("orthogonal", "feature"),
        contested="How much of what real models do rests on it is being studied; small models show it clearly.",
    ),
    Term(
        "posterior",
        "What is believed after the evidence is in, in the Bayesian sense. A row of weights can be read as one: "
        "which of these keys produced what I look for?",
        symbol=r"p(j\mid q)", also=("Bayesian view", "Bayesian"), see=("weight", "softmax"),
        contested="It is one reading of softmax with fitting assumptions, not something that a model is known to "
        "do.",
    ),
    # --- in context ---
    Term(
        "in-context learning",
        "What a model does better because of examples in its context. No weight changes: only keys, values and what is "
        "computed from them.",
        also=("ICL", "few-shot"), see=("shot", "frozen token", "induction head", "gradient descent"),
        contested="Whether it is gradient descent in disguise is exact for some layers built by hand, and open for "
        "large models.",
    ),
    Term(
        "currying",
        "Of a function of two things, holding the first one fixed: what is left is a function of the second. A model "
        "with its context held fixed is a function of the question.",
        also=("curried",), see=("in-context learning",),
    ),
    Term(
        "frozen token",
        "A token of the context. Under a causal mask it cannot see the question, so its keys and values stay what they "
        "are, whatever is asked.",
        also=("frozen", "unfrozen", "k_frozen", "v_frozen"), see=("KV cache", "mask", "in-context learning"),
    ),
    Term(
        "shot",
        "An example in the context: something asked, with its answer.",
        also=("shots", "demonstration"), see=("in-context learning",),
    ),
    Term(
        "gradient descent",
        "Changing parameters step by step against the gradient of a loss. The step size η says how far each step goes.",
        symbol=r"w \leftarrow w - \eta \nabla L", also=("GD", "step size"), see=("gradient", "loss", "parameter"),
    ),
    Term(
        "cross-entropy",
        "What a prediction costs: minus the logarithm of the probability that it gave to what came. 0 for a sure and "
        "right one.",
        symbol=r"-\ln p", also=("next-token loss",), see=("loss", "logit", "softmax"),
    ),
    Term(
        "induction head",
        "A head that looks for what came after the same word last time, and says it again. It needs a head before it "
        "that tells every token which word it follows.",
        also=("induction",), see=("in-context learning", "layer"),
    ),
    Term(
        "prior",
        "What is believed before the evidence is in: a share for each of the things that may be so.",
        also=("priors",), see=("posterior", "weight"),
    ),
    # --- how sure we are ---
    Term(
        "nines",
        "A way to say how close to 1: two nines is 99 %, three nines 99.9 %. With score differences, each further "
        "nine costs another ln 10 ≈ 2.3.",
        symbol="1-10^{-n}", also=("nine", "99.9 %"), see=("softmax", "weight"),
    ),
    Term(
        "claim",
        "How far a sentence holds. “Exact here”: computed on this page, true of these numbers. “Typical”: usually so "
        "in trained models. “Contested”: people who know disagree.",
        also=("exact here", "typical", "contested"), see=("toy weights",),
    ),
    Term(
        "toy weights",
        "Parameters chosen by us, by hand, so that the numbers come out clean. Real models learn theirs, and they "
        "look nothing like this.",
        also=("hand-made", "chosen by us"), see=("parameter", "claim"),
    ),
)  # fmt: skip

GLOSSARY: Mapping[str, Term] = {term.name: term for term in _TERMS}
_FOUND: Mapping[str, Term] = {name.casefold(): term for term in _TERMS for name in (term.name, *term.also)}


def term(name: str) -> Term:
    """The term of this name: its own, another one, or that of a matrix; case does not matter. Raises KeyError."""
    found = _FOUND.get(name.casefold())
    if found is None:
        raise KeyError(f"the glossary has no “{name}”; it has: {', '.join(GLOSSARY)}")
    return found
