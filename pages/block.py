"""A whole block: attention and an MLP, each adding to the residual stream. Two layers. And the next word, read off."""

import streamlit as st

from attention_ui.block_figures import alone, board, cooler, doubled, layered, neuron, normed, paths, read_off, writer
from attention_ui.block_numbers import NEURON_SAYS, driven, in_mlps, predicted, repeated, wording
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.readings import worked
from attention_ui.teach import claim, misconception

open_lesson("block")
ours, BALL = worked("block"), 1
st.markdown("A **block** has two parts. Attention moves something from word to word. An **MLP** then works on each "
            "word alone. Both read the residual stream and add to it. Follow *ball*.\n\nIt comes as "
            f"{ours.vector('x', BALL)}. **Attention** is the head that you know, its softmax drawn in one step. It "
            f"adds {ours.vector('projected', BALL)}: the ball is red now. The **MLP** here is one **neuron**, "
            f"{NEURON_SAYS}, made to find what is red *and* a noun. {driven()} **GELU** lets most of what is above 0 "
            "through, and next to nothing of the rest. W_2 writes that into a feature of its own, *red thing*. Out "
            f"comes **{ours.vector('resid_post', BALL)}**. (We chose the weights.)")  # fmt: skip
board()
terms("residual stream", "layer", "MLP", "neuron", "GELU", "linear", "LayerNorm")
claim("exact here", "What leaves a block is X, plus what its heads add, plus what its MLP adds.")

st.subheader("Why two parts?", anchor=False)
st.markdown("Imagine attention off: the MLP reads the words as they come.")
if reveal("block.alone", "For which word is the neuron above 0 then?", *predicted("alone")):
    alone("attention")
    st.markdown("No word comes red *and* a noun: attention brings that together. But it only mixes, in shares. To "
                "notice that two things are both there takes a bend, and the MLP has one.")  # fmt: skip
misconception("MLP blocks belong to image models, such as ViT. (A chatbot said so.)", "Every Transformer block has an "
              "MLP, since 2017. In large models the MLPs hold most of the numbers:", in_mlps())  # fmt: skip

st.subheader("An AND takes a bend", anchor=False)
st.markdown("An AND is 1 where both are there, else 0. Take GELU away: the neuron is then a *linear* sum and a bias.")
if reveal("block.and", "Can it be 0 for neither, 0 for each alone, and 1 for both?", *predicted("and")):
    neuron("activation")
    st.markdown("Without a bend, *neither* + *both* is always *one* + *the other*; and 0 + 1 is not 0 + 0. GELU cuts "
                "off what is below 0. So an MLP built by hand does its work, in every sentence. Would known ones do in "
                "a model? For rules that one can write down. Most of what language takes, nobody can.")  # fmt: skip

st.subheader("LayerNorm", anchor=False)
st.markdown("Layer after layer adds to the stream. **LayerNorm** keeps it in bounds: it takes a word’s mean off its "
            "features and divides by their spread. A learned gain and shift follow. Before it, multiply *ball* by 10 "
            "and add 10.")  # fmt: skip
if reveal("block.norm", "What becomes of ball after LayerNorm?", *predicted("norm")):
    normed("moved")
    st.markdown("Mean and spread take it off again. How the features stand to one another is left.")
claim("typical", "Today norms stand before each part, in 2017 after each sum. Ours are left out, for cleaner numbers.")

st.subheader("Two layers", anchor=False)
st.markdown("*glass ball steel table*: what *shattered*? Blocks stand on one another, as **layers** (here no MLPs). In "
            "layer 2 a verb looks for nouns, most of all *fragile* ones. First it reads the bare words.")  # fmt: skip
if reveal("block.one", "From whom does shattered take more?", *predicted("one")):
    st.markdown("Now layer 1: a noun looks for adjectives, and what it finds *brittle* makes it *fragile*.")
    if reveal("block.two", "How much does shattered then take from ball?", *predicted("two")):
        layered("built")
        st.markdown("Layer 1 tells *ball* what it is made of. Only then can layer 2 look for that.")
misconception("A model runs the same block again and again.", "Each layer has weights of its own, and here it needs "
              "them. (A few models share them, such as ALBERT, 2019.)", repeated())  # fmt: skip
st.markdown("Which word is such a vector? Hold it against the **unembedding** W_U, which has a column for each word of "
            "a vocabulary. The largest product is the nearest word. That can be done after each layer.")  # fmt: skip
if reveal("block.lens", "From when on does the row of shattered say “.” most?", *predicted("lens")):
    read_off("read")
    st.markdown("The row begins as its own word and ends as the next. Choose *ball*: after layer 1 it is nearest to "
                "*vase*, a fragile noun. Most vectors on the way are no word.")  # fmt: skip

st.subheader("Is it all linear?", anchor=False)
st.markdown("For fixed shares, what is collected is linear in V. But A is made from X, too. Double all embeddings.")
if reveal("block.double", "What becomes of the share that ball takes from red?", *predicted("double")):
    doubled("factor")
    st.markdown("Q and K double, so scores grow fourfold. Inside, linear maps will do: softmax, GELU and LayerNorm "
                "bend what lies between. Two in a row, with no bend between, would be one.")  # fmt: skip

st.subheader("The next word", anchor=False)
st.markdown("X″ times W_U makes **logits**: for each word of the vocabulary, how well it fits as the next one.")
if reveal("block.which", "Five words are in. Which row says the sixth?", *predicted("which")):
    cooler("temperature", "top_k")
    st.markdown("Each row predicts its next word. That of *cube* has seen all five, the first only itself; a sixth row "
                "would need a word. Temperature T divides logits; *top k* keeps the k largest, ties too.")  # fmt: skip
    terms("unembedding", "logit", "temperature", "top-k", "sampling", "KV cache")
misconception("“Think like a playwright” changes the temperature.", "T is set in the program. Other words make other "
              "logits.", wording())  # fmt: skip
st.markdown("Draw a word, append it, go on. With a KV cache, only the new word is read each time.")
if reveal("block.cache", "How far apart are the logits, with the cache and without?", *predicted("cache")):
    writer("seed")
    st.markdown("An aside: a recurrent network hands a word on, step by step. Attention reaches it in one.")
    paths()
close_lesson("block")
