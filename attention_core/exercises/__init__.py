"""Exercises that diagnose: every question of the lessons, with its answer computed by the core.

>>> from attention_core.exercises import EXERCISES
>>> task = EXERCISES["E11"].task(seed=0)
>>> task.check("3/5").right
True
>>> [slip.name for slip in task.check("3/7").slips]
['masked with 0', 'no scaling + no mask', 'no mask + columns']

Engine      engine (what is asked and said), slips (changes of programs), answers, boards (what a learner can look at)
Checkers    numbers, picks, constructions, typed_code; arithmetic: steps on single numbers
Exercises   a file for each lesson, in the order of the course
Hand mode   hand: any trace with chosen cells blank
"""

from collections.abc import Mapping

from attention_core.exercises import (
    block,
    cost,
    cross_attention,
    debugger,
    hand,
    heads,
    in_context,
    lookup,
    masks,
    one_head,
    positions,
    projections,
    query_key,
    sandbox,
    similarity,
    softmax,
    training,
    values,
)
from attention_core.exercises.engine import Ask, Diagnosis, Exercise, Task, Verdict

EXERCISES: Mapping[str, Exercise] = {
    exercise.name: exercise
    for lesson in (
        lookup,
        softmax,
        similarity,
        projections,
        one_head,
        query_key,
        values,
        masks,
        positions,
        heads,
        cross_attention,
        block,
        cost,
        training,
        in_context,
        debugger,
        sandbox,
    )
    for exercise in lesson.EXERCISES
}

__all__ = ["EXERCISES", "Ask", "Diagnosis", "Exercise", "Task", "Verdict", "hand"]
