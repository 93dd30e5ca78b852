"""Several heads: what each has of its own, how their outputs come together, and what many heads do not cost."""

import streamlit as st

from attention_ui.glossary import terms
from attention_ui.heads_figures import added, board, cached, counted, missing, ordered, share, split, stranded
from attention_ui.heads_numbers import BOOST, LARGE, apart, cut, kept, large, lengths, predicted, shares, slices, sums
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.teach import claim, misconception

open_lesson("heads")
st.markdown("A layer of a model has several **heads**. Each is one round of attention with a W_Q, W_K, W_V and W_O of "
            "its own; all read the same X at the same time. Here are two, which we made. **Content** you know: nouns "
            "look for adjectives. *cube* takes {} from *red* and {} from *blue*. **Previous token** asks for nothing; "
            "a bias lets the word before count {} times as much, whichever it is. *cube* takes {} from *red* and {} "
            "from *blue*.\n\nBoth hand over colour and shape, and what they hand over is **added**. *cube* gets {} + "
            "{} = **{}** of red and {} + {} = **{}** of blue, that is {} and {}: more blue than red."
            .format(*shares(0), BOOST, *shares(1), *sums()))  # fmt: skip
board("sentence", "whole")
terms("head", "multi-head", "d_head", "concatenation", "output", "position bias")
st.markdown("Head 2 keeps blue in coordinate 0 of V and red in 1, head 1 the other way round. What a coordinate means "
            "is a head’s own affair: its own rows of W_O know.")  # fmt: skip

st.subheader("Side by side, or added up", anchor=False)
st.markdown("*Concatenated*: the outputs of all heads are laid side by side, H = [O₁, O₂], and multiplied by W_O, as "
            "above. *Added up*: each output is multiplied by its own three rows of W_O, and then added.")  # fmt: skip
if reveal("heads.together", "How much blue does cube get when they are added up?", *predicted("together")):
    added("together")
    st.markdown("A row of W_O meets one column of H, and that belongs to one head. Cut H and W_O at the same places, "
                "and the product is a sum of parts. Programs concatenate: one large product is fast.")  # fmt: skip
    claim("exact here", "The heads’ parts are added, whichever way it is computed.")
misconception("Heads act on one another in W_O, which mixes them.", "They add. No number of one head is multiplied by "
              "one of another: head 2 adds what it adds, whatever head 1 collects.", apart())  # fmt: skip
misconception("The concatenated vector is too long for the MLP.", "W_O makes it as long as a word again, however many "
              "heads there are. The MLP after it never sees H.", lengths())  # fmt: skip

st.subheader("One wide matrix, or one for each head?", anchor=False)
st.markdown("Most programs have one wide W_V: the columns of head 1, then those of head 2. They multiply once, and cut "
            "the *result* into heads; W_Q and W_K likewise. Let the matrices above do so.")  # fmt: skip
if reveal("heads.split", "Which values differ from those of separate matrices?", *predicted("split")):
    split("made")
    st.markdown("A column of a product is made by one column of the matrix on its right. So these are the same numbers "
                "in one call. Papers write it one way, programs the other.")  # fmt: skip
misconception("Each word is cut into slices: a head reads its own, and changes its 1 % of the vector.",
              "What is cut is Q, K and V. Each of their numbers is made from *all* features of a word, and a head’s "
              "rows of W_O write to all. Only in between is it narrow.", slices())  # fmt: skip

st.subheader("How many heads?", anchor=False)
st.markdown("Usually d_head = d_model / h: many narrow heads, or few wide ones. Let d_model be {}, in {} heads of {}. "
            "W_Q, W_K, W_V and W_O of all of them have {} numbers.".format(*cut()))  # fmt: skip
if reveal("heads.count", "How many would they have with 6 heads?", *predicted("count")):
    counted("h")
    st.markdown("Many heads cost no more than one, nor are they “more efficient”, as a chatbot said: there are as many "
                "products. What grows is the number of shares, a row in every head for each word.")  # fmt: skip
misconception(f"GPT-3 has words of {LARGE} numbers because that is its vocabulary.", "That is d_model. Its designers "
              "chose it, and heads that divide it. 64 to 128 coordinates for a head are common.", large())  # fmt: skip

st.subheader("No head comes first", anchor=False)
PLACES = "Let the heads change places, each with its W_V and its rows of W_O. Which cells of X′ change?"
if reveal("heads.order", PLACES, *predicted("order")):
    ordered("swapped")
    if reveal("heads.rows", "And if only the outputs change places, not W_O: what does cube get?", *predicted("rows")):
        stranded()
        st.markdown("Then an output meets the other head’s rows, which take its coordinates for something else.")
misconception("Head 1 finds what matters most, head 2 what comes next.", "A sum has no order. All heads of a layer "
              "read the same X, each by its own criteria. What builds on that is a later *layer*.")  # fmt: skip

st.subheader("Leave one out", anchor=False)
if reveal("heads.prune", "Leave out the previous-token head. What does cube have then?", *predicted("prune")):
    missing("out", "instead")
    st.markdown("**Pruning** takes a head’s part away. **Mean ablation** leaves its mean over the words (here of one "
                "sentence, usually of many): only what it tells words apart by is gone.")  # fmt: skip
claim("typical", "Many heads of a trained model can be left out with little loss, some cannot (Michel, Levy and Neubig "
      "2019; Voita and others 2019). Nobody assigns their jobs; training does.")  # fmt: skip
claim("contested", "Do heads specialise? Some do, as those for the previous token; many have no job with a name.")

st.subheader("One key for several queries", anchor=False)
st.markdown("Each head of each layer has a W_Q of its own. But a key that says *adjective* can answer several kinds of "
            "queries, so heads may share W_K and W_V. A model that writes keeps the keys and values of all words. For "
            f"each word, our two heads keep {kept()} numbers. Let them share.")  # fmt: skip
if reveal("heads.shared", "How many numbers are kept for a word then?", *predicted("shared")):
    share("made")
    cached()
    st.markdown("X′ is what it was, because our heads have the same keys, and values that differ only in their order; "
                "we let W_O follow. In general, sharing takes something away.")  # fmt: skip
terms("pruning", "mean ablation", "grouped-query attention", "multi-query attention", "KV cache")
claim("typical", "Large models often have *grouped-query attention*: a few query heads share one head of keys and "
      "values. It loses little; one for all, *multi-query*, a little more (Ainslie et al. 2023).")  # fmt: skip
close_lesson("heads")
