"""What a change did, in a sentence; and why, along the path of the largest change. No Streamlit in here.

Vocabulary
    path     from what was set or typed to the output, each cell made from the one before it (core: changes.path)
    link     one cell of a path, before and after
    topic    what a document is about; between two topics there is nothing to compare
"""

from collections.abc import Sequence

from attention_core import changes, programs
from attention_core.trace import Step
from attention_ui.document import Head
from attention_ui.editable import Editable, shape_text
from attention_ui.link import View
from attention_ui.naming import cell_name, drawn_cell, joined, plain_letter, title, where
from attention_ui.picture import Data, Picture, same_topic
from attention_ui.slices import base, index_of


def _unlike(before: Head, after: Head) -> str:
    """What is another one between two heads with different topics: the example, its words or their order, the table; or
    what a lesson draws of the same words, with or without a list of them.
    """
    one, other = before.document, after.document
    if one.topic[0] != other.topic[0]:
        return "This is another example"
    was, now = (tuple(word.text for word in head.words) for head in (before, after))
    if was == now or not (was and now):  # a picture has no words
        same = programs.names(before.program) == programs.names(after.program)
        return _unlike_lines(one, other) if same else "Other matrices are drawn now"
    return "The words stand in another order" if sorted(was) == sorted(now) else "These are other words"


def _unlike_lines(one: Editable, other: Editable) -> str:
    """The same words, or none: other lines of a matrix, or heads in another order."""
    was, now = (document.unedited()[1] for document in (one, other))
    differ = {axis for axis in {*was, *now} if was.get(axis) != now.get(axis)}
    if differ and all("head" in axis for axis in differ):
        return "The heads stand in another order"
    return "These are other rows or columns"


def what_changed(before: Head, after: Head) -> str:
    """What a change did, in one sentence: where to look for it, or that there is nothing to look for."""
    if not same_topic(before, after):
        return f"{_unlike(before, after)}; nothing to compare."
    names = [name for name in (*after.trace.given, *after.trace) if changes.comparable(before.trace, after.trace, name)]
    count = sum(bool(changes.changed(before.trace, after.trace, name).any()) for name in names)
    if not count:
        return _nothing_changed(before, after)
    text = f"A dark corner marks every number that changed, in {count} {'matrix' if count == 1 else 'matrices'}."
    return " ".join([text, *_remade(Picture(after, before, View()))])


def _nothing_changed(before: Head, after: Head) -> str:
    if text := _remade(Picture(after, before, View())):
        return f"{text[0]} No number in the others changed."
    if programs.names(before.program) == programs.names(after.program):
        return "No number in the matrices changed."
    one = sum(map(len, changes.steps_between(before.trace, after.trace))) == 1
    return f"No number in the matrices changed, but {'a step was' if one else 'steps were'} added or taken away."


def _remade(picture: Picture) -> list[str]:
    """That matrices have other rows or columns than before, in a sentence; none where none has."""
    names = changes.remade(picture.before.trace, picture.head.trace)
    if not names:
        return []
    some = joined([plain_letter(picture, name) for name in names])
    return [f"{some if len(names) <= 4 else f'{len(names)} others'} {'has' if len(names) == 1 else 'have'} other rows "
            "or columns now."]  # fmt: skip


def why(picture: Picture) -> Data | None:
    """The path of the largest change, from what was set or typed to the output, a sentence a step."""
    if picture.before is None:
        return None
    old, new = picture.before, picture.head
    told = [{"text": f"Now {text}."} for text in new.document.told(old.document)]
    if not same_topic(old, new):
        text = f"{_unlike(old, new)}, so every matrix was computed anew; there is nothing to compare."
        return {"lines": [*told, {"text": text}]}
    start, links = _path(picture)
    if not links:
        return {"lines": [*told, {"text": _nothing_changed(old, new)}]}
    begun = _begun(picture, links[0])
    lines = told + start + begun + _path_lines(picture, links, first=not (told or begun))
    picked = picture.view.picked
    if picked is None or base(picked[0]) != links[-1].name:
        if _left_the_weights(old, new, links):
            lines.append({"text": "The weights did not change."})
        if links[-1].name != picture.stages[-1]:
            lines.append({"text": "There the change ends: nothing after it moved."})
    return {"lines": lines}


def _left_the_weights(before: Head, after: Head, links: Sequence[changes.Change]) -> bool:
    """Whether something changed that the weights are made from, and they did not: as when all scores are raised."""
    same = changes.comparable(before.trace, after.trace, "weights")
    if not same or "weights" not in after.trace or changes.changed(before.trace, after.trace, "weights").any():
        return False
    sources = {"weights"}
    for step in reversed(after.program):
        if step.name in sources:
            sources.update(step.inputs)
    return any(link.name in sources for link in links)


def _path(picture: Picture) -> tuple[list[Data], Sequence[changes.Change]]:
    """The path to the picked cell, if it was computed and changed; else to the largest change, and a word why."""
    before, after, picked = picture.before.trace, picture.head.trace, picture.view.picked
    name = base(picked[0]) if picked is not None else ""
    if name not in after or not changes.comparable(before, after, name):
        return [], changes.path(before, after)
    at = index_of(after, *picked)
    if changes.changed(before, after, name)[at]:
        return [], changes.path(before, after, (name, at))
    text = f"{cell_name(picture, name, at)}, the picked cell, did not change. The largest change was this one:"
    return [{"text": text}], changes.path(before, after)


def _begun(picture: Picture, first: changes.Change) -> list[Data]:
    """What made the first cell of the path change, when no cell that it reads did: a number with a step of its own
    (a temperature, a constant), else a step that was added or taken away."""
    if first.name in picture.head.trace.given:
        return []
    old, new = (head.document.given()[0] for head in (picture.before, picture.head))
    gone = _gone(picture, first.name)
    steps = gone if picture.before.trace.has(first.name) else (picture.steps[first.name],)
    for name in dict.fromkeys(name for step in steps for name in step.inputs):
        if name in old and name in new and not old[name].ndim and old[name] != new[name]:
            given = programs.given_of(name)
            was, now = (picture.form(float(value)) for value in (old[name], new[name]))
            place = (
                drawn_cell(picture, name, ()) | {"start": "", "label": given.letter}
                if picture.head.trace.has(name)
                else {}
            )
            text = f" went from {was} to {now}: {given.meaning}."
            return [place | {"text": text if place else given.letter + text}]
    return _new_shapes(picture, first) + [{"text": f"The step “{step.title}” was taken away."} for step in gone[:1]]


def _new_shapes(picture: Picture, first: changes.Change) -> list[Data]:
    """What the first cell of the path is made from and has other rows or columns now: the given ones, then the rest."""
    old, new = picture.before.trace, picture.head.trace
    names = changes.remade(old, new, first.name)
    lines = [
        {"text": f"{plain_letter(picture, name)} {_shape_now(picture, name)}."} for name in names if name in new.given
    ]
    made = [plain_letter(picture, name) for name in names if name not in new.given]
    read = (step for name in names if name in picture.steps for step in picture.steps[name].inputs)
    added = dict.fromkeys(title(picture, name) for name in read if not old.has(name))
    lines += [{"text": f"The step “{name}” was added."} for name in added]
    if made:
        start = f"so {joined(made)}" if lines else joined(made)
        lines.append({"text": f"{start} {'has' if len(made) == 1 else 'have'} other rows or columns, too."})
    return lines


def _shape_now(picture: Picture, name: str) -> str:
    was, now = (of.matrix(name).value.shape for of in (picture.before.trace, picture.head.trace))
    if was == now:
        return "has other rows or columns now"
    was, now = (shape_text(shape[::-1] if picture.view.columns else shape) for shape in (was, now))
    return f"is {now} now; it was {was}"


def _gone(picture: Picture, name: str) -> Sequence[Step]:
    """The steps taken away of those that led to the matrix `name`: among what it read, what that read, and so on."""
    read, before = {name}, picture.before.program
    _, removed = changes.steps_between(picture.before.trace, picture.head.trace)
    for step in reversed(before):
        if step.name == name or step.name in read.intersection(removed):
            read.update(step.inputs)
    return [step for step in before if step.name in read and step.name in removed]


def _path_lines(picture: Picture, links: Sequence[changes.Change], first: bool) -> list[Data]:
    """A sentence for each cell of the path. first: nothing was said of what made the first cell change."""
    pairs = zip(links, [*links[1:], None], strict=True)
    return [_why_line(picture, link, reader, first and link is links[0]) for link, reader in pairs]


def _why_line(picture: Picture, link: changes.Change, reader: changes.Change | None, first: bool) -> Data:
    """One sentence about one cell: what it says in words, and from what to what it went.

    reader: the next cell of the path. Where it is not new itself, it read before what stood in an added step's place.
    """
    was, now = picture.form(float(link.before)), picture.form(float(link.after))
    start = "" if first else "so "
    went = f"went from {was} to {now}"
    if not picture.before.trace.has(link.name):
        start += f"the step “{title(picture, link.name)}” was added: "
        inserted = reader is None or picture.before.trace.has(reader.name)
        went = f"is {now}, where {was} stood before" if inserted else f"is {now}"
    elif first and link.name in picture.head.trace:
        start = "you changed how this step is computed, so "
    return drawn_cell(picture, link.name, link.at) | {
        "start": start[:1].upper() + start[1:] if first else start,
        "label": cell_name(picture, link.name, link.at),
        "text": f" {went}: {where(picture, link.name, link.at)}.",
    }
