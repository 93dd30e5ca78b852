"""A vote as it stands: rounds, codes or raised hands, and what is shown of them; for one visit, on no server.

Vocabulary
    round     the first vote, or the second one after neighbours have talked; each has codes and hands of its own
    shown     how much the class sees: the question, the counts, or the answer
"""

from dataclasses import dataclass, field

import streamlit as st

from attention_core.answer_codes import SURE, Tally, tallied
from attention_core.choices import LETTERS
from attention_core.votes import VOTES
from attention_ui.lesson import lesson

NAMES = tuple(VOTES)
SHOWN = ("question", "counts", "answer")
MOST_HANDS = 1_000
_KEY = "class.votes"


@dataclass
class Round:
    """How one round was collected: pasted codes, or numbers of raised hands."""

    by_hand: bool = False
    codes: str = ""
    hands: list[int] = field(default_factory=lambda: [0] * len(LETTERS))


@dataclass
class Counting:
    """What a teacher has collected on one question."""

    rounds: list[Round] = field(default_factory=lambda: [Round()])
    shown: str = SHOWN[0]
    classes: int = 0  # how often it was started over: the fields of the next class are new ones

    @property
    def now(self) -> Round:
        return self.rounds[-1]

    def again(self) -> None:
        """A second vote, with the first kept beside it; the answer is hidden again."""
        self.rounds = [self.rounds[0], Round(self.now.by_hand)]
        self.shown = SHOWN[0]

    def start_over(self) -> None:
        """The same question for another class: nothing of this one is left."""
        self.rounds, self.shown = [Round(self.now.by_hand)], SHOWN[0]
        self.classes += 1


def counting(name: str) -> Counting:
    """This visitor's counting of a question."""
    return st.session_state.setdefault(_KEY, {}).setdefault(name, Counting())


def title(name: str) -> str:
    """What a question is called: its lesson, and its name in words."""
    return f"{lesson(VOTES[name].lesson).short}: {name.replace('-', ' ')}"


def tally(name: str, of_round: int) -> Tally:
    """The votes of a round. Raises ValueError for a list of codes that is too long."""
    one = counting(name).rounds[of_round]
    if one.by_hand:
        return Tally(tuple((*(0,) * (len(SURE) - 1), hands) for hands in one.hands))
    return tallied(one.codes, NAMES.index(name), of_round, [title(other) for other in NAMES])


def asked_for() -> tuple[str, int]:
    """The question and the round that the address names; "" for a question that there is not."""
    name = st.query_params.get("q", "")
    return (name if name in VOTES else ""), 1 if st.query_params.get("round") == "2" else 0
