"""What attention costs: N squared, tiles, masks, caches and states; and three ways to save on weights."""

import streamlit as st

from attention_ui.cost_figures import board, cache, dictionary, growth, kernel, painted, sinks, state, tiles
from attention_ui.cost_labs import chosen_experts, fewer_bits, low_rank, plain_network
from attention_ui.cost_numbers import ball, by_heads, enlarged, predicted, reused, unselected
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.teach import claim, misconception

open_lesson("cost")
st.markdown("A head compares each of N words with each: N × N scores. *FlashAttention* never keeps them all. Here the "
            "keys come in two **tiles**, *red ball hit* and *blue cube*, without a mask. Follow *ball*.\n\n**Tile 1.** "
            "Its scores are {}, the largest is m = {}. e to the power of score − m is {}. These add up to r = {}, and "
            "the values, each times its own, to O = {}. No more is kept. **Tile 2.** The scores {} bring none larger, "
            "so the correction α is {}; r grows to {} and O to {}. At the end O / r = **{}**, as if all scores had "
            "been there at once.".format(*ball()))  # fmt: skip
board("show")
terms("FlashAttention", "online softmax", "row maximum", "score", "weight")
claim("exact here", "Tile by tile comes out what the whole head gives, up to rounding. We chose the numbers.")

st.subheader("N times N", anchor=False)
st.markdown("Twice the words, four times the scores. A chatbot was asked what the scores of 100 million words take in "
            "one head, with 4 bytes each. It counted 10¹³ of them: 36.6 TB.")  # fmt: skip
if reveal("cost.stored", "How much is it?", *predicted("stored")):
    growth("n")
    misconception("Compute A for those 100 million words once, and reuse it.", "A is made from the words: others make "
                  "another A. What stays from text to text are W_Q, W_K, W_V and W_O.", reused())  # fmt: skip
misconception("More heads are cheaper, for each is narrower.", "h heads of d / h coordinates multiply as often as one "
              "of d, for a million tokens, too. Stored, their scores take h times as much.", by_heads())  # fmt: skip

st.subheader("A larger score comes late", anchor=False)
st.markdown("Let the key of *blue* be three times as large. Its score with *ball* is then larger than m, and all that "
            "was added up in tile 1 was relative to the old m.")  # fmt: skip
if reveal("cost.larger", "What becomes of the sums r and O of tile 1?", *predicted("larger")):
    tiles("tile", "loud")
    st.markdown("α is e to the power of old m − new m. One factor mends what any number of tiles has added up.")
if reveal("cost.fast", "It is fast. What does it save?", *predicted("fast")):
    kernel()
    st.markdown("Arithmetic still grows with N × N. But a processor multiplies faster than it fetches numbers.")

st.subheader("Look at less: masks, priced", anchor=False)
st.markdown("What a mask hides need not be computed. Let each word see itself and two before it, a *window* of 3.")
if reveal("cost.window", "How much does cube take from blue then?", *predicted("window")):
    painted("pattern")
    st.markdown("*red* is out of sight: the cube turns blue. A *global* token would pass it on, in a second layer.")
st.markdown("A head made by hand: each word rests on the first, which hands nothing over. Again, a window of 3.")
if reveal("cost.sink", "How much does cube take from hit then?", *predicted("sink")):
    sinks()
    claim("typical", "Trained models rest on first tokens, too. Without them, a bare window fails (Xiao et al. 2023).")

st.subheader("What a longer context makes larger", anchor=False)
st.markdown("Put a whole dictionary before a question, as context. Its keys and values are kept, in the KV cache.")
if reveal("cost.grows", "What gets larger: W_K and W_V, or the cache?", *predicted("grows")):
    cache("groups")
    dictionary()
    misconception("A dictionary in the context enlarges the projections.", "It adds rows to X, K and V. No W changes. "
                  "Each new token still looks at all of it: cheap to read again, not to use.", enlarged())  # fmt: skip
misconception("Skip the scores: hand the whole dictionary to the network behind.", "Scores select. Without them every "
              "word gets 1/N; laid end to end, each needs weights of its own.", unselected())  # fmt: skip
terms("window", "BigBird", "attention sink", "KV cache", "prefix caching", "soft prompt", "linear attention")

st.subheader("A state that does not grow", anchor=False)
st.markdown("*Linear attention* leaves out exp. Then q · k times v, over all words, is q times one matrix F, the sum "
            "of all kᵀ v. It reads a word, adds to F, and forgets it. Let the text be twice as long.")  # fmt: skip
if reveal("cost.state", "What becomes of F?", *predicted("state")):
    state()
    st.markdown("What is lost is focus: exp made the best key stand out, and a fixed F can hold only so much apart.")

st.subheader("Save on weights", anchor=False)
st.markdown("**LoRA** trains a narrow change W_A W_B, and leaves W as it is. Take a map of GPT-3’s width, rank 8.")
if reveal("cost.lora", "How many numbers are trained?", *predicted("lora")):
    low_rank("r")
st.markdown("**Quantisation** keeps whole numbers and one spacing: with 4 bits −7 to 7. Let our largest weight be 1.")
if reveal("cost.bits", "How far off can a weight be?", *predicted("bits")):
    fewer_bits("bits")
st.markdown("**Experts.** Mixtral has eight MLPs in place of one; a router picks two of the eight for each token.")
if reveal("cost.experts", "How many of its numbers does a token use?", *predicted("experts")):
    chosen_experts("top")
terms("LoRA", "quantisation", "mixture of experts", "rank", "MLP")

st.subheader("Why not a plain network?", anchor=False)
st.markdown("One layer of weights, from all features of our five words to all of the result, might do a head’s job.")
if reveal("cost.layer", "How many weights does that layer have?", *predicted("layer")):
    plain_network()
    st.markdown("And a sixth word has no place in it. What is learned for one place must be learned for each again.")
close_lesson("cost")
