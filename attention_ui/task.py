"""What a lesson link says besides the state: a task for the learner, and what is hidden. No Streamlit in here.

Vocabulary
    task     the words of whoever made the link; shown as text, and never as markup
    exercise one of the lesson's, with its variant: whoever comes by the link has the same numbers
    hides    groups of what a page offers; nothing that is computed can be hidden, and the learner can show all
    params   the task as one parameter, beside those of the state: a version, a dot, then JSON as in a share link
"""

from collections.abc import Mapping
from dataclasses import dataclass

from attention_core.exercises import EXERCISES
from attention_core.tokens import MAX_LENGTH, SentenceError, split
from attention_ui.link import LinkError, decode, encode

PARAM = "lesson"
LONGEST = 400  # characters of a task
VARIANTS = range(1000)  # of an exercise; 0 has the lesson's own numbers
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
    """What the link asks, and which of GROUPS it hides. Raises LinkError for what may not be.

    exercise: its name, or "". variant: its seed, of VARIANTS.
    """

    text: str = ""
    hides: tuple[str, ...] = ()
    exercise: str = ""
    variant: int = 0

    def __post_init__(self) -> None:
        if len(self.text) > LONGEST:
            raise LinkError(f"its task is {len(self.text)} characters long; at most {LONGEST} are shown.")
        unknown = [name for name in self.hides if name not in GROUPS]
        if unknown or len(set(self.hides)) < len(self.hides):
            raise LinkError("it hides something that this page does not have.")
        if self.exercise and self.exercise not in EXERCISES:
            raise LinkError("it names an exercise that there is not.")
        if self.variant not in VARIANTS:
            raise LinkError(f"its numbers may be no. {VARIANTS[0]} to {VARIANTS[-1]}.")
        words = self.text.split()  # one that garbles the text around it would garble the page
        for part in (word[at : at + MAX_LENGTH] for word in words for at in range(0, len(word), MAX_LENGTH)):
            try:
                split(part)
            except SentenceError:
                raise LinkError("its task has characters that cannot be shown.") from None


def pack_task(task: Task) -> dict[str, str]:
    """The parameter that says this task; none for a task that says and hides nothing."""
    inner = {"task": task.text, "hides": list(task.hides), "exercise": task.exercise, "variant": task.variant}
    inner = {name: value for name, value in inner.items() if value}
    return {PARAM: encode(inner)} if inner else {}


def unpack_task(text: str, lesson: str = "") -> Task:
    """The task of a parameter. Raises LinkError, in half a sentence, for one that cannot be read.

    lesson: the one that the link opens; "" for any.
    """
    inner = decode(text)
    kinds = {"task": str, "hides": list, "exercise": str, "variant": int}
    if not set(inner) <= set(kinds) or not all(type(value) is kinds[name] for name, value in inner.items()):
        raise LinkError("its task is not written as this page writes one.")
    hides = inner.get("hides", [])
    if not all(isinstance(name, str) for name in hides):
        raise LinkError("it hides something that this page does not have.")
    task = Task(inner.get("task", ""), tuple(hides), inner.get("exercise", ""), inner.get("variant", 0))
    if lesson and task.exercise and EXERCISES[task.exercise].lesson != lesson:
        raise LinkError("it names an exercise of another lesson.")
    return task
