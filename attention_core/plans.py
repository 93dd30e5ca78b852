"""Plans for a class: what to show, what to ask, and what to listen for, in 5, 15 and 50 minutes.

Vocabulary
    plan       steps of together so many minutes; a plan of 5 minutes belongs to one lesson
    step       a lesson's page, in the state that it needs, with what happens there
    settings   of the lesson's bench (of one head: its switches); stage: the step that its matrices begin with
    vote       the question of attention_core.votes that is asked in a step; "" for none
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from attention_core.benches import Value


@dataclass(frozen=True)
class Step:
    """What is done in some minutes: on which lesson's page, what to show, to ask, and to listen for."""

    minutes: int
    lesson: str
    show: str
    ask: str
    listen: str
    vote: str = ""
    settings: Mapping[str, Value] = field(default_factory=dict)
    stage: str = "all"


@dataclass(frozen=True)
class Plan:
    """needs: whom it is for, and what they should know before."""

    title: str
    needs: str
    steps: tuple[Step, ...]

    @property
    def minutes(self) -> int:
        return sum(step.minutes for step in self.steps)

    @property
    def lessons(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(step.lesson for step in self.steps))


_NOTHING = "anybody; nothing is needed."
_SHARES = "those who have seen that scores become shares."
_HEAD = "those who have followed one head."

FIVE = (
    Plan("Which colour will it be?", _NOTHING, (
        Step(2, "home", "The five words, and their pots of paint.", "Which colour will *cube* take? Write it down.",
             "“Blue, for it stands next to it.” Places do not count here.", "paint"),
        Step(3, "home", "Let the page reveal *ball*, then *cube*.", "What does a word take that finds nothing?",
             "“Nothing.” Shares add up to 1. Keep the votes for the end of the course.", "nothing-fits"),
    )),
    Plan("Mix paint, hard and soft", _NOTHING, (
        Step(2, "lookup", "The table; then the sharpness at 0, 1 and 10. Stop at each.",
             "What comes out at each of the three?", "“Always the best one’s value.” That is a hard lookup.", "mixed"),
        Step(3, "lookup", "The hard table, and a nudge.", "What changes when the query is nudged a little?",
             "“A little.” A flat result is why a hard table cannot learn.", "nudge", {"soft": False}),
    )),
    Plan("A row of softmax in pairs", _NOTHING, (
        Step(3, "softmax", "One row of scores. Hide what follows; pairs compute exponentials, sum and shares.",
             "What does each get, and what do they add up to?",
             "Sums down the columns; shares that do not add up to 1.", "negative", stage="exps"),
        Step(2, "softmax", "100 more on every score.", "What happens to the weights?",
             "“They even out”, “the largest takes all”.", "plus-100"),
    )),
    Plan("Divide, but by what?", _SHARES, (
        Step(3, "similarity", "The histogram of random dot products; raise d.",
             "How far from 0 does a dot product of 64 coordinates lie?",
             "“0, for they are orthogonal”; “64”.", "spread"),
        Step(2, "similarity", "What *hit* takes, divided by nothing, √d_k and d_k.", "Which of the three is it?",
             "“By d_k.” Vote with one, two or three fingers, too.", "scaling"),
    )),
    Plan("Find your key", _SHARES, (
        Step(3, "projections", "Cards: one for each row of Q and of K. Each query looks for the key with the largest "
             "product.", "Whom does *ball* find? Whom does *hit* find?",
             "“The most similar word.” What fits is what W_Q and W_K make of it.", "", {}, "scores"),
        Step(2, "projections", "The slider for the length of the text.", "Which matrices grow?",
             "“W_Q, W_K and W_V, too.”", "length", {"n": 8}),
    )),
    Plan("Step by step, with a narrator", _SHARES, (
        Step(3, "one_head", "Present. The class calls out the next step; a volunteer says what it does to *hit*.",
             "How large is this cell, before it is revealed?", "Queries and keys mixed up; rows and columns.", "",
             {}, "q"),
        Step(2, "one_head", "Row *hit* of the output.", "Whose row is this?", "“That of *ball*, for its key was used.”",
             "owner", {}, "output"),
    )),
    Plan("Read the rule aloud", _HEAD, (
        Step(3, "query_key", "W_Q W_Kᵀ. Two cells are not 0.", "Read each aloud: who looks for whom?",
             "Row and column exchanged.", "", {}, "w_qk"),
        Step(2, "query_key", "W_K = W_Q, without a mask.", "What is the same both ways?", "“The weights, too.”", "tied",
             {"tied": True, "causal": False}),
    )),
    Plan("What breaks?", _HEAD, (
        Step(2, "values", "*ball* before the head, and after.", "Without the residual, what is left of *ball*?",
             "“A word stays what it is.”", "residual"),
        Step(3, "values", "Residual off; then W_V and W_O as the identity.", "Why hand over values, not the words?",
             "“V is superfluous.” What it was found by comes along.", "identity", {"residual": False}),
    )),
    Plan("Hide the right half", _HEAD, (
        Step(2, "masks", "Write the sentence on the board, and cover all that comes after *hit*.",
             "What can *hit* take from, and what not?", "“Not from itself.” It sees itself.", "append"),
        Step(3, "masks", "The mask with 0 instead of −∞.", "How much does *hit* take from *ball* now?",
             "“A score of 0 takes nothing.”", "hidden-by-zero", {"applied": "zero"}),
    )),
    Plan("The purple cube", _HEAD, (
        Step(2, "positions", "Red and blue change places.", "What changes for *cube*?",
             "“It turns red”, “it turns blue”.",
             "swapped", {"order": "swapped"}),
        Step(3, "positions", "A bias for the word before.", "How much does *cube* take from *blue*?",
             "“Nine times as much.” A share is never above 1.", "word-before", {"scheme": "relative"}),
    )),
    Plan("Two groups are two heads", _HEAD, (
        Step(3, "heads", "One group computes what head 1 adds to *cube*, the other what head 2 adds; then add.",
             "What does *cube* get?", "“The mean of both”, “the better one”.", "head-order", {"together": "summed"}),
        Step(2, "heads", "The slider for the number of heads.", "What do more heads cost?", "“Each costs the same.”",
             "head-count"),
    )),
    Plan("Translate live", _HEAD, (
        Step(3, "cross_attention", "Two French words, three English ones: who asks, who is asked?",
             "Which shape has A?", "“Square”; “the English ask”.", "cross-shape", {"english": "the red ball"}),
        Step(2, "cross_attention", "The same program with one source.", "What is new in cross-attention?",
             "“Another kind of mathematics.”", "", {"part": "encoder"}),
    )),
    Plan("One layer or two", "those who have seen heads and masks.", (
        Step(3, "block", "*glass ball steel table shattered*: one layer, then two.",
             "From whom does *shattered* take most?",
             "“From *glass*, for it is near *ball* in the sentence.”", "", {"part": "layers"}),
        Step(2, "block", "All embeddings doubled.", "Is attention linear?",
             "“Yes: there are only products.”", "doubled"),
    )),
    Plan("An estimation race", "those who have seen heads and masks.", (
        Step(3, "cost", "Groups estimate: the scores of 100 million words, 4 bytes each.", "How much memory is it?",
             "Three zeros too few; one score for each word.", "stored", {"n": 100_000_000}),
        Step(2, "cost", "One wide head or four narrow ones.", "Which multiplies less?",
             "“Many heads are more efficient.”",
             "more-heads"),
    )),
    Plan("Trained or made by hand", "those who have seen values and positions.", (
        Step(3, "training", "Train a model at the desk, live.", "Which of its matrices change?",
             "“Heads are designed”; “W_V only”.", "gradients"),
        Step(2, "training", "The trained model reads another sentence.", "Which weights change now?",
             "“What I type trains the model.”", "reading"),
    )),
    Plan("The error halves", "those who have seen the block and costs.", (
        Step(3, "in_context", "Layers that descend: the guess after one layer.", "What does a second layer guess?",
             "“As much again”; “the same”.", "", {"part": "regression"}),
        Step(2, "in_context", "Eight words that score 0.", "Do they drop out?", "“Yes, q · k is 0.”", "silent",
             {"zeros": 8}),
    )),
    Plan("Teams find the first error", _SHARES, (
        Step(3, "debugger", "The lines that a chatbot printed; a team for each.", "Does your line follow from the one "
             "before?", "“It reads well.” One cell is enough to refute a line.", "first-wrong"),
        Step(2, "debugger", "Three sums of one row.", "Which of them is right?",
             "Made from what? Each answers a question of its own.", "which-sum"),
    )),
    Plan("A student presents", "those who have seen heads and positions.", (
        Step(3, "sandbox", "A sentence with features and weights of a student’s own, opened by its link.",
             "What do you expect in this row, and why?",
             "“It looks for what is similar.” For what the weights ask for."),
        Step(2, "sandbox", "The same head twice.", "What does the second layer add?", "“Nothing new”; “as much again”.",
             "one-more-layer", {"layers": 2}),
    )),
)  # fmt: skip

FIFTEEN = (
    Plan("Softmax by hand", "those who can work with powers; no attention is needed.", (
        Step(4, "softmax", "Three moves on one row: exp, row sum, division. Then a row in pairs, on paper.",
             "What are the shares of this row?", "Sums along the wrong axis.", "negative", stage="exps"),
        Step(4, "softmax", "Add the same to every score, on paper first.", "What happens to the weights?",
             "“They even out.”", "plus-100"),
        Step(4, "softmax", "Temperature: divide all scores by 0.5.", "What does the first get?",
             "“The same, for all are divided.”", "temperature", {"scores": "logits"}),
        Step(3, "debugger", "A chatbot’s row sum.", "Add up the row yourselves. Is it so?",
             "“It will have computed it.”",
             "which-sum"),
    )),
    Plan("Who may see whom", _HEAD, (
        Step(4, "masks", "Paint a causal mask together.", "Which cells does *hit* have?", "The diagonal left out.",
             "append", {"kind": "full"}),
        Step(4, "masks", "A word more: with a mask, and without.", "Whose shares change?", "“Everybody’s.”", "",
             {"n": 4}),
        Step(4, "masks", "Three ways to get it wrong.", "What does a score of 0 do?", "“0 hides it.”", "hidden-by-zero",
             {"applied": "zero"}),
        Step(3, "one_head", "The whole head without its mask.", "How much does *hit* take from *ball*?",
             "“One weight depends on one score.”", "unmasked", {"causal": False}),
    )),
    Plan("What a word hands over", _HEAD, (
        Step(5, "values", "From *red* to *ball*: weight × value, then W_O.", "Whose row is the result added to?",
             "“To the one that was looked at.”", "owner"),
        Step(5, "values", "Residual off.", "What is left of *ball*?", "“All of it.”", "residual", {"residual": False}),
        Step(5, "values", "The identity for W_V and W_O.", "Is V superfluous?",
             "It is contested how far; here it is not.",
             "identity", {"maps": "identity"}),
    )),
)  # fmt: skip

FIFTY = (
    Plan("One head by hand", "those who can multiply matrices; no attention is needed.", (
        Step(5, "home", "The paint, without a formula.", "Which colour will *cube* take?", "“Blue: it is next to it.”",
             "paint"),
        Step(8, "lookup", "A soft lookup, as a mean with weights.", "What comes out?", "“The best one’s value.”",
             "mixed"),
        Step(10, "softmax", "A row in pairs: exp, sum, division.", "What if 100 is added?", "“They even out.”",
             "plus-100", stage="exps"),
        Step(9, "projections", "q of *ball*, k of *red*; cards for the others.", "Which shapes grow with the text?",
             "“The weights, too.”", "length", stage="scores"),
        Step(12, "one_head", "Present: q to output, step by step, *hit* for all; each group takes another row.",
             "What is the next number?", "Queries and keys exchanged; √d_k forgotten.", "scaling", {}, "q"),
        Step(6, "one_head", "Break it: the scaling, the mask, the axis.", "Whose output is row *hit*?",
             "“That of *ball*.”", "owner"),
    )),
    Plan("Masks and positions", _HEAD, (
        Step(5, "one_head", "One head once more, with its mask.", "How much does *hit* take without it?",
             "“The same.”", "unmasked"),
        Step(12, "masks", "Why hide, and how; paint it, then append a word.", "How much does *ball* take then?",
             "“Less, for there is one more.”", "append"),
        Step(8, "masks", "0 instead of −∞.", "What does *hit* take?", "“Nothing from what is 0.”", "hidden-by-zero",
             {"applied": "zero"}),
        Step(10, "positions", "The shuffle test.", "What changes for *cube*?", "“It takes the nearer one’s colour.”",
             "swapped", {"order": "swapped"}),
        Step(10, "positions", "A bias by distance, then turning.",
             "How much does *cube* take from *blue*?", "Nine times a share.", "word-before", {"scheme": "relative"}),
        Step(5, "positions", "Two banks.", "What tells them apart?", "“The word.” It is the same row of X twice.", "",
             {"text": "banks", "scheme": "relative", "causal": True}),
    )),
    Plan("Several heads, one block", "those who have seen masks and positions.", (
        Step(10, "heads", "Two groups compute two heads, and add.", "What if they change places?",
             "“Head 1 finds what matters most.”", "head-order", {"together": "summed"}),
        Step(8, "heads", "How many heads?", "What do they cost?", "“Each costs the same.”", "head-count"),
        Step(8, "values", "The residual: what a head adds to.", "Without it?", "“The word stays.”", "residual"),
        Step(12, "block", "The MLP as an AND, then two layers.", "From whom does *shattered* take most?",
             "“MLPs are for pictures.”", "", {"part": "layers"}),
        Step(6, "block", "All embeddings doubled.", "Is it linear?", "“Only products and sums.”", "doubled"),
        Step(6, "block", "The next word.", "Which row says it?", "“A row of its own.”", "next-row", {"part": "next"}),
    )),
    Plan("Where weights come from, and what a context does", "those who have seen the block.", (
        Step(10, "training", "Forward, loss, backward: which numbers have a gradient?", "Which matrices are trained?",
             "“Heads learn by similarity.”", "gradients", {"shown": "all"}),
        Step(12, "training", "Train a model at the desk; meanwhile, groups guess which rule it will find.",
             "What changes when it reads?", "“W.”", "reading"),
        Step(10, "in_context", "Context and question, block by block.", "What does *ball* get, both times together?",
             "“Only the question counts.”", "merged"),
        Step(8, "in_context", "Eight words of score 0.", "What do they take?", "“Nothing.”", "silent", {"zeros": 8}),
        Step(10, "in_context", "Layers that descend.", "What does a second layer guess?",
             "“Attention is gradient descent”: here it is, elsewhere it is an open question.", "",
             {"part": "regression"}),
    )),
)  # fmt: skip

PLANS: Mapping[int, tuple[Plan, ...]] = {5: FIVE, 15: FIFTEEN, 50: FIFTY}
