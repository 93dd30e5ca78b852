"""What a lesson link says besides the state: a task for the learner, and what is hidden. No Streamlit in here.

Vocabulary
    task     the words of whoever made the link; shown as text, and never as markup
    hides    groups of what a page offers; nothing that is computed can be hidden, and the learner can show all
    params   the task as one parameter, beside those of the state: a version, a dot, then JSON as in a share link
"""

from collections.abc import Mapping
from dataclasses import dataclass

from attention_core.tokens import MAX_LENGTH, SentenceError, split
from attention_ui.link import LinkError, decode, encode

PARAM = "lesson"
LONGEST = 400  # characters of a task
GROUPS: Mapping[str, str] = {
    "controls": "switches, sliders and choices",
    "sentence": "the sentence and the example",
    "display": "how the numbers are shown",
    "typing": "typing into matrices, and painting",
    "exercises": "the exercises",
    "more": "by hand, take it home, links",
}


@dataclass(frozen=True)
class Task:
    """What the link asks, and which of GROUPS it hides. Raises LinkError for what may not be."""

    text: str = ""
    hides: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.text) > LONGEST:
            raise LinkError(f"its task is {len(self.text)} characters long; at most {LONGEST} are shown.")
        unknown = [name for name in self.hides if name not in GROUPS]
        if unknown or len(set(self.hides)) < len(self.hides):
            raise LinkError("it hides something that this page does not have.")
        words = self.text.split()  # one that garbles the text around it would garble the page
        for part in (word[at : at + MAX_LENGTH] for word in words for at in range(0, len(word), MAX_LENGTH)):
            try:
                split(part)
            except SentenceError:
                raise LinkError("its task has characters that cannot be shown.") from None


def pack_task(task: Task) -> dict[str, str]:
    """The parameter that says this task; none for a task that says and hides nothing."""
    inner = {name: value for name, value in (("task", task.text), ("hides", list(task.hides))) if value}
    return {PARAM: encode(inner)} if inner else {}


def unpack_task(text: str) -> Task:
    """The task of a parameter. Raises LinkError, in half a sentence, for one that cannot be read."""
    inner = decode(text)
    said, hides = inner.get("task", ""), inner.get("hides", [])
    if not set(inner) <= {"task", "hides"} or not isinstance(said, str) or not isinstance(hides, list):
        raise LinkError("its task is not written as this page writes one.")
    if not all(isinstance(name, str) for name in hides):
        raise LinkError("it hides something that this page does not have.")
    return Task(said, tuple(hides))
