"""``python -m benchmarks.turns.fit``: the weights of `providers.turns.weights`, from the turns of the tuning set.

A logistic regression on the pauses of the tuning speakers, pauses and ends weighing the same in total. Few pauses have
some of the reasons, so that each weight is drawn towards the value it has now, as if that had been seen a few times.
"""

from __future__ import annotations

from collections.abc import Sequence

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.turns.detectors import question
from benchmarks.turns.material import Turn, load
from providers.turns.base import DICTATION, Reason, log_odds
from providers.turns.text import reason_of
from providers.turns.weights import SOUND, TEXT

SEEN, SEEN_OF_WORDS, FIXED = 6.0, 60.0, 1e6
"""Pauses that the present value of a weight counts for. More for the words: Whisper, whose words the material has, puts
a full stop after nearly everything that is cut, and other recognisers do not."""
STEPS = 60
MARK = 0.24
"""Log-odds of a closing mark by itself. Only the sums of words and sound are fitted; this shares the constant."""


def fitted(turns: Sequence[Turn]) -> tuple[dict[Reason, float], float, float]:
    """Log-odds of each reason, and bias and slope of the sound."""
    reasons = list(TEXT)
    rows, ends = [], []
    for turn in turns:
        for pause in turn.pauses:
            row = [float(reason_of(question(turn, pause)) is reason) for reason in reasons]
            rows.append([*row, 0.0 if pause.done is None else log_odds(pause.done), float(pause.done is not None)])
            ends.append(pause.length is None)
    known = np.array(rows)
    end = np.array(ends, dtype=np.float64)
    weight = np.where(end == 1, 0.5 / end.mean(), 0.5 / (1 - end.mean()))
    prior = np.array([*TEXT.values(), SOUND.slope, SOUND.bias])
    found = _regressed(known, end, weight, prior)
    by_reason = dict(zip(reasons, found[:-2].tolist(), strict=True))
    moved = MARK - by_reason[Reason.PUNCTUATION]
    shared = {reason: odds if reason in DICTATION else odds + moved for reason, odds in by_reason.items()}
    return shared, float(found[-1]) - moved, float(found[-2])


def _regressed(
    known: NDArray[np.float64], end: NDArray[np.float64], weight: NDArray[np.float64], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Newton's method on the weighted log loss with a normal prior; a step that overshoots is halved."""
    seen = np.array([FIXED if reason in DICTATION else SEEN_OF_WORDS for reason in TEXT] + [SEEN, SEEN])
    strength = 0.25 * np.diag(seen)

    def loss(at: NDArray[np.float64]) -> float:
        odds = known @ at
        away = at - prior
        return float(weight @ (np.logaddexp(0, odds) - end * odds) + away @ strength @ away / 2)

    found = prior.copy()
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(known @ found, -30, 30)))
        slope = known.T @ (weight * (chance - end)) + strength @ (found - prior)
        curve = known.T @ (known * (weight * chance * (1 - chance))[:, None]) + strength
        step = np.linalg.solve(curve, slope)
        while loss(found - step) > loss(found) and np.abs(step).max() > 1e-9:
            step = step / 2
        found = found - step
    return found


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Fit the weights on the tuning set and print them."""
    material = load()
    if material.missing:
        raise click.UsageError(material.missing)
    turns = [turn for turn in material.turns if not turn.test and turn.kind in ("pauses", "cut")]
    by_reason, bias, slope = fitted(turns)
    speakers = sorted({turn.speaker for turn in turns})
    click.echo(f"{len(turns)} turns of {len(speakers)} speakers: {', '.join(speakers)}")
    for reason, odds in by_reason.items():
        click.echo(f"    Reason.{reason.name}: {odds:.2f},")
    click.echo(f"SOUND = Line({bias:.2f}, {slope:.2f})")


if __name__ == "__main__":
    main()
