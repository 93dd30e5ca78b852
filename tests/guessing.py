"""Walking through the predictions of one lesson's page, for the tests of the lessons.

Vocabulary
    questions   of each prediction, its right answer, and what may be read only after the guess
"""

from collections.abc import Callable, Mapping

from streamlit.testing.v1 import AppTest

from tests.test_pages import sound

Questions = Mapping[str, tuple[str, str]]
Texts = Callable[[AppTest], str]


def guess_all(app: AppTest, questions: Questions, texts: Texts, rightly: bool) -> None:
    """Guess one prediction after the other: what belongs to it shows then, beside the guess, and not before."""
    for name, (right, hidden) in questions.items():
        assert hidden not in texts(app), name
        radio = app.radio(key=f"{name}.choice")
        guess = right if rightly else next(option for option in radio.options if option != right)
        sound(radio.set_value(guess).run())
        sound(app.button(key=f"{name}.commit").click().run())
        said = f"Your guess: **{guess}**. " + ("So it is." if rightly else f"The answer: **{right}**.")
        assert said in texts(app), name
        assert hidden in texts(app), name


def skip_all(app: AppTest, questions: Questions, texts: Texts) -> None:
    """Skip them all: each answer is said."""
    for name, (right, _) in questions.items():
        sound(app.button(key=f"{name}.skip").click().run())
        assert f"The answer: **{right}**." in texts(app), name
