"""Questions for a class to vote on, at least one for each lesson. Each wrong option is what learners do believe.

Every number is computed here from the lessons' benches and from the running example's head; none is typed.

What a vote is   vote
Votes            shares, head, models, learning: a file for each part of the course
"""

from collections.abc import Mapping

from attention_core.votes import head, learning, models, shares
from attention_core.votes.vote import Vote

VOTES: Mapping[str, Vote] = {vote.name: vote for part in (shares, head, models, learning) for vote in part.VOTES}

__all__ = ["VOTES", "Vote"]
