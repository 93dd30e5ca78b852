"""Two sources: queries from one sentence, keys and values from another; who sees whom; and a picture read as a text."""

import streamlit as st

from attention_ui.cross_attention_figures import board, bring, choose, counts, drawn, followed, four, models, sizes
from attention_ui.cross_attention_numbers import one_row_each, predicted, same_program, vision
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.readings import shown, worked
from attention_ui.teach import claim, misconception

open_lesson("cross_attention")
ours, picture = worked("cross_attention"), worked("cross_attention", read="picture")
(BALLE, ROUGE), (RED, BALL) = (0, 1), (0, 1)
SHAPE, COLOUR = (shown(ours.number("output", BALLE, at)) for at in (1, 0))
st.markdown("So far one sentence asked itself. A translator has two: *red ball* is there to be read, *balle rouge* is "
            "being written. The words stand in another order. Each French word is to find its English one.\n\n"
            "**Queries** are made of the French, X: each word asks for a word of its kind, a noun or an adjective. "
            "**Keys and values** are made of the English, the **source** Z. Look at X and Z. They do not even have the "
            "same features: French knows a gender. W_Q and W_K bring both to 4 coordinates, and there they meet. The "
            f"score of *balle* with *ball*, scaled, is {ours.said('scaled', BALLE, BALL)}, so the exponentials of "
            f"*balle* are {ours.listed('exps', BALLE)}, their sum {ours.said('row_sums', BALLE)}, and its weights "
            f"**{ours.listed('weights', BALLE)}**; *rouge* has **{ours.listed('weights', ROUGE)}**.\n\n"
            "What the words speak of, their last two features, is 0 in X: that is to come over. The values of the "
            f"English carry it. *balle* collects {SHAPE} of shape and {COLOUR} of colour, and X′ has them. (Words, "
            "features and weights were chosen by us, so that a match counts 9 times.)")  # fmt: skip
choose("read", "part", "cut")
board()
terms("cross-attention", "source", "query", "key", "value", "encoder", "decoder")

st.subheader("What is new?", anchor=False)
st.markdown("Choose above who reads whom. Nothing else is exchanged but what K and V are made of, and the weights that "
            "fit its features. The name says it: in *self*-attention a sentence is its own source.")  # fmt: skip
four()
misconception("Cross-attention is a new kind of mathematics.", "It is the same program, with Z for X in two places. "
              "Let a sentence be its own source: the numbers are those of self-attention.", same_program())  # fmt: skip
misconception("Of two sources, one gives the keys and the other the values.", "A key says where to look, a value what "
              "is found there. Both are made of the same word of the source; queries come from who asks.",
              one_row_each())  # fmt: skip
claim("typical", "Here attention began: Bahdanau, Cho and Bengio (2015) let each word of a translation look back into "
      "the sentence that is translated. In real models the word written last looks.")  # fmt: skip

st.subheader("Not a square", anchor=False)
st.markdown("Two words met two words. Let English have a third, *the red ball*, and French still two.")
if reveal("cross_attention.longer", "Which shape has A, with tokens as rows?", *predicted("longer")):
    sizes("english", "french")
    st.markdown("A row for each word that asks, a column for each that is asked. No weight matrix changes its shape: "
                "W_K and W_V fit English features, however many words there are.")  # fmt: skip

st.subheader("Who sees whom: three masks", anchor=False)
st.markdown("The **encoder** reads: all English words are there, and each sees all. The **decoder** writes, word by "
            "word: its self-attention has a causal mask. And between the two?")  # fmt: skip
if reveal("cross_attention.masked", "Which words of red ball may balle, the first word, see?", *predicted("masked")):
    st.markdown("All. What is read was finished before the first word is written, and gives nothing away. (Padding is "
                "hidden, as always.) Put both in one square, English first: it holds all three masks.")  # fmt: skip
    models("model")
    st.markdown("A model that has a decoder only has no second source. It reads question and answer as one text.")
    if reveal("cross_attention.joint", "One text, English before French, with a prefix mask whose prefix is the "
              "English: compared with encoder and decoder, which cells may be seen?", *predicted("joint")):  # fmt: skip
        st.markdown("The lesson on masks had this square. What differs is behind it: here three attentions, each with "
                    "its own weights and softmax, there one. (Raffel et al. 2020 compared them.)")  # fmt: skip
terms("mask", "causal", "prefix mask", "padding")

st.subheader("A picture is a text of patches", anchor=False)
st.markdown("What asks and is asked need not be words. A **vision transformer** (Dosovitskiy et al. 2021) cuts a "
            "picture into square patches, and each is a token: its pixels, as one reads them, are its row of X. In our "
            "head, made by hand, a patch looks for patches that are filled where it is filled. Each pixel that two "
            "have in common doubles the exponential.")  # fmt: skip
drawn()
if reveal("cross_attention.alike", "From which patches does P2 take most?", *predicted("alike")):
    followed("follow")
    st.markdown(f"P2 has two pixels. Who has both counts {picture.said('exps', 1, 0)}, who has one "
                f"{picture.said('exps', 1, 6)}, an empty patch 1; their sum is {picture.said('row_sums', 1)}. An "
                "empty patch asks for nothing and shares evenly. In the matrices above, I′ is the picture after the "
                "head: each patch has become the mixture that it collected. Draw another I there!")  # fmt: skip
    bring("picture", "words")
st.markdown("Now let patches be larger: 3 × 3 pixels, in the same picture of 6 × 6.")
if reveal("cross_attention.patches", "How many weights has A then?", *predicted("patches")):
    counts()
    st.markdown("Half as many patches along each side: a sixteenth of the weights. That is why patches are taken, not "
                "pixels. Of {0} × {0} pixels, patches of {1} × {1} leave {2} tokens.".format(*vision()))  # fmt: skip
misconception("What comes later in a picture must be masked, as in a text.", "A picture that is read is there as a "
              "whole, so a vision transformer has no mask, as an encoder has none. A model that *draws* pixel by pixel "
              "is causal (Image GPT, Chen et al. 2020). Leaving patches out in training (He et al. 2022) is called "
              "masking, too, and means something else.")  # fmt: skip
claim("typical", "Before the first head a matrix turns the pixels of a patch into d_model numbers, and its place is "
      "added: without places, patches could be shuffled like words. We left both out.")  # fmt: skip
terms("patch", "vision transformer", "position")
close_lesson("cross_attention")
