"""The lessons and their navigation; what every page calls first.

Vocabulary
    lesson       a page that describes itself once: address, title, icon, goal, minutes, what it needs, its bench
    tool         a page for a class that is no lesson: not on the map of the course, no exercises, no matrices
    navigation   Streamlit's list of pages. Both app.py and every page register it, because a folder named pages/ lets
                 Streamlit run a page without app.py when the first visitor of a fresh server opens a deep link
"""

import gc
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import streamlit as st

from attention_ui import session
from attention_ui.sheet import Sheet
from attention_ui.teach import goal

_ROOT = Path(__file__).parent.parent
# Streamlit collects garbage after every rerun unless a setting of ours, undocumented, says no. Should that
# setting go, what has been imported by now is at least not looked through each time.
gc.freeze()
# Draws nothing. Streamlit keeps how far one page was scrolled for the next, whose beginning would then be out of sight.
_arrival = st.components.v2.component(
    "attention_arrival",
    html="<span></span>",
    js="""let last = null;
    export default ({ data: { place } }) => {
        if (last !== null && last !== place) {
            document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
            const menu = document.querySelector("[data-testid=stSidebar][data-collapsed=false]"); // over the page
            if (innerWidth < 768) menu?.querySelector("[data-testid=stSidebarCollapseButton] button")?.click();
        }
        last = place;
    };""",
)


@dataclass(frozen=True)
class Lesson:
    """A page that describes itself.

    path: its address ("" is the home page), which its file in pages/ is named like; short: its name in the navigation;
    goal: one plain sentence; minutes: for a first reading; needs: the lessons to do before;
    bench: the bench that its matrices come from, or "" for the document of one head
    """

    name: str
    path: str
    short: str
    title: str
    icon: str
    goal: str
    minutes: int
    section: str = "One head"
    needs: tuple[str, ...] = ()
    bench: str = ""

    @property
    def file(self) -> str:
        return f"pages/{self.path or 'home'}.py"


LESSONS = (
    Lesson(
        "home", "", "Start here", "Attention in ninety seconds", ":material/home:",
        "What it does, without a formula: how a word takes something from other words.", 3, section="",
    ),
    Lesson(
        "lookup", "lookup", "Lookup", "From a lookup table to soft lookup", ":material/manage_search:",
        "Say why attention takes a little from everywhere, and why that lets it learn.", 12, bench="lookup",
        needs=("home",),
    ),
    Lesson(
        "softmax", "softmax", "Softmax", "Softmax: scores become shares", ":material/percent:",
        "How a row of any numbers becomes a row of shares that add up to 1.", 20, bench="softmax", needs=("lookup",),
    ),
    Lesson(
        "similarity", "similarity", "Similarity", "How alike are two vectors?", ":material/compare_arrows:",
        "What a dot product measures, and why attention divides it by √d_k.", 15, bench="similarity",
        needs=("softmax",),
    ),
    Lesson(
        "projections", "projections", "Q, K, V", "Queries, keys and values", ":material/call_split:",
        "How the same word becomes a query, a key and a value, whatever the length of the text.", 15,
        bench="projections", needs=("similarity",),
    ),
    Lesson(
        "one_head", "one-head", "One head", "One head, cell by cell", ":material/grid_on:",
        "Every number of one attention head: see it, change it, and trace it to where it came from.", 25,
        needs=("projections",),
    ),
    Lesson(
        "query_key", "query-key", "W_Q and W_K", "Who looks for whom: W_Q and W_K together", ":material/join_inner:",
        "Read off the product of two matrices which feature looks for which, and build a head yourself.", 25,
        section="Inside the head", bench="query_key", needs=("one_head",),
    ),
    Lesson(
        "values", "values", "Values", "Values, W_O and the residual", ":material/move_down:",
        "Say what a head hands over, why that is not the word itself, and what it adds to a word that stays.", 20,
        section="Inside the head", bench="values", needs=("one_head",),
    ),
    Lesson(
        "masks", "masks", "Masks", "Masks: who may see whom", ":material/visibility_off:",
        "Hide words so that nothing of them is left in the weights; say why that is done and what it leaves alone.", 20,
        section="Inside the head", bench="masks", needs=("one_head",),
    ),
    Lesson(
        "positions", "positions", "Positions", "Positions: the order of words", ":material/format_list_numbered:",
        "Show that attention does not know the order of words, and tell it in five ways.", 25,
        section="Inside the head", bench="positions", needs=("query_key", "masks"),
    ),
    Lesson(
        "heads", "heads", "Heads", "Several heads, added up", ":material/layers:",
        "Say what each head has of its own, how their outputs come together, and what many heads do not cost.", 25,
        section="Whole models", bench="heads", needs=("values", "positions"),
    ),
    Lesson(
        "cross_attention", "cross-attention", "Two sources", "Two sources: who asks, and who is asked",
        ":material/translate:",
        "Say where queries, keys and values come from in an encoder and a decoder, and read a picture as a text.", 25,
        section="Whole models", bench="cross_attention", needs=("masks", "positions"),
    ),
    Lesson(
        "block", "block", "Block", "The block and the next token", ":material/view_module:",
        "Follow a word through a whole block and into the next one, and read the next word off at its end.", 35,
        section="Whole models", bench="block", needs=("heads", "masks"),
    ),
    Lesson(
        "cost", "cost", "Cost", "What it costs", ":material/payments:",
        "Price attention for any length: in memory, in arithmetic, and by what each way to save gives up.", 40,
        section="Whole models", bench="cost", needs=("heads", "masks"),
    ),
    Lesson(
        "training", "training", "Training", "Training: where the weights come from", ":material/model_training:",
        "Say where W_Q, W_K, W_V and W_O come from, train them, and tell what training changes from what a text does.",
        35, section="Learning", bench="training", needs=("values", "positions"),
    ),
    Lesson(
        "in_context", "in-context", "In context", "In-context learning", ":material/menu_book:",
        "Say what a context does to a question, number by number, and when that is a step of gradient descent.", 40,
        section="Learning", bench="in_context", needs=("block", "cost"),
    ),
    Lesson(
        "debugger", "debugger", "Debugger", "Does it add up? A chatbot’s numbers, and yours", ":material/bug_report:",
        "Find the first line of a working that does not follow, and say what went wrong there.", 20,
        section="Your numbers", bench="debugger", needs=("one_head",),
    ),
    Lesson(
        "sandbox", "sandbox", "Sandbox", "Sandbox: your own words and numbers", ":material/construction:",
        "Build attention of your own, in any size, and say what each change of it changes.", 30,
        section="Your numbers", bench="sandbox", needs=("heads", "positions"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Tool:
    """A page for a class. path: as of a lesson; goal: what it is for; listed: whether the navigation names it."""

    path: str
    short: str
    title: str
    icon: str
    goal: str
    listed: bool = True

    @property
    def name(self) -> str:
        return self.path

    @property
    def file(self) -> str:
        return f"pages/{self.path}.py"


TOOLS = (
    Tool(
        "teach", "For teachers", "For teachers: plans and votes", ":material/co_present:",
        "Prepare a class: plans of 5, 15 and 50 minutes, questions to vote on, and what learners did. No accounts; "
        "nothing is kept here.",
    ),
    Tool(
        "diagnostic", "Diagnostic", "What do you know? Twelve questions, before and after", ":material/fact_check:",
        "See which ideas of the course you know already, which lessons to take, and afterwards what you have gained.",
    ),
    Tool("screen", "Vote on the screen", "A question for the class", ":material/how_to_vote:", "", listed=False),
    Tool("vote", "Your vote", "Your vote", ":material/how_to_vote:", "", listed=False),
)  # fmt: skip
_FOR_A_CLASS = "For a class"


def lesson(name: str) -> Lesson:
    return {known.name: known for known in LESSONS}[name]


def _page(known: Lesson | Tool) -> st.Page:
    return st.Page(
        _ROOT / known.file,
        title=known.short,
        icon=known.icon,
        url_path=known.path or None,
        default=not known.path,
        visibility="visible" if isinstance(known, Lesson) or known.listed else "hidden",
    )


def navigate():
    """Register the pages and return the one to run. Calling it again in the same rerun does no harm."""
    st.set_page_config(
        page_title="Attention, step by step", page_icon=str(_ROOT / "assets" / "icon.png"), layout="wide"
    )
    sections = {known.section: [_page(it) for it in LESSONS if it.section == known.section] for known in LESSONS}
    return st.navigation({**sections, _FOR_A_CLASS: [_page(it) for it in TOOLS]}, position="top")


def run_page() -> None:
    """Run the page that was asked for. What nobody foresaw becomes a sentence, and a line in the server's log."""
    page = navigate()
    try:
        page.run()
    except Exception:
        logging.getLogger(__name__).exception("a page failed")
        notice("Something went wrong on this page. Reload it; if that does not help, start from its bare address.")


def open_lesson(name: str) -> Lesson:
    """Open a lesson's page: navigation, link, title and goal. The first call of every page."""
    navigate()
    known = lesson(name)
    session.arrive(name, Sheet(known.bench) if known.bench else None)
    _style()
    _begin(name)
    st.title(known.title, anchor=False)
    goal(known.goal, known.minutes, [lesson(need).title for need in known.needs])
    for problem in (*session.visit().problems, session.visit().task_problem):
        if problem:
            notice(problem)
    if session.task():
        from attention_ui.lesson_link import task_box  # only for those who came by a lesson link

        task_box()
    return known


def open_tool(name: str) -> Tool:
    """Open a page for a class: navigation, title and goal. The first call of every such page. One without a goal is
    for a screen or a phone, and begins with its question."""
    navigate()
    (known,) = (tool for tool in TOOLS if tool.name == name)
    session.leave(name)
    _style("class.css")
    _begin(name + st.query_params.get("q", ""))
    if known.goal:
        st.title(known.title, anchor=False)
        st.markdown(known.goal)
    return known


def close_lesson(name: str) -> None:
    """End a lesson's page: its exercises, hand mode, the mark that it is done, and the way on."""
    from attention_ui import course  # which needs this module, and brings what a page without exercises does not need

    course.close(lesson(name))


def link_to(
    name: str, label: str, icon: str | None = ":material/arrow_forward:", params: Mapping[str, str] | None = None
) -> None:  # fmt: skip
    """A link to another lesson or tool, perhaps with parameters. It keeps the visit; a link written in HTML would load
    the app anew, and lose it."""
    known = {page.name: page for page in (*LESSONS, *TOOLS)}[name]
    st.page_link(_page(known), label=label, icon=icon, query_params=params)


def notice(text: str) -> None:
    """A sentence about something that could not be used. The text may be the learner's own, so it is never markup."""
    st.html(f'<p role="alert" class="notice">{escape(text)}</p>')


def _begin(place: str) -> None:
    """Show a page from its beginning, if another one was shown before."""
    _arrival(key="arrival", data={"place": place})


def _style(*more: str) -> None:
    for sheet in ("page.css", "lesson.css", "course.css", *more):
        st.html(_ROOT / "attention_ui" / sheet)
