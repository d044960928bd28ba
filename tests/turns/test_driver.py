"""Driver of turns: what is held, for how long, and what the endpointing answer is told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from providers.turns.driver import ReleasedTranscript, TurnDriver
from providers.turns.state import TurnState


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Driven:
    """A driver whose turns end after a silence that the test chooses."""

    def __init__(self, *, longest: float = 1.5) -> None:
        self.clock = Clock()
        self.state = TurnState(self.clock)
        self.target = 0.6
        self.driver = TurnDriver(self.state, lambda words: self.target, longest=longest, clock=self.clock)

    def speaks(self) -> None:
        self.state.started()

    def stops(self) -> None:
        """Fall silent now."""
        self.state.audio(self.clock.now)
        self.state.stopped(self.clock.now)

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        self.state.audio(self.clock.now)


def final(text: str) -> ReleasedTranscript:
    return ReleasedTranscript(text, final=True)


def partial(text: str) -> ReleasedTranscript:
    return ReleasedTranscript(text, final=False)


def test_a_final_is_held_as_a_partial_until_the_silence_is_long_enough() -> None:
    call = Driven()
    call.speaks()
    assert call.driver.partial("I want") == [partial("I want")]
    call.stops()
    call.wait(0.25)
    assert call.driver.final("I want to book.") == [partial("I want to book.")]
    assert call.state.driven == "held"
    due = call.driver.due()
    assert due is not None
    assert round(due, 6) == 0.35
    call.wait(due - 0.01)
    assert call.driver.tick() == []
    call.wait(0.02)
    assert call.driver.tick() == [final("I want to book.")]
    assert (call.state.driven, call.driver.holding) == ("released", False)


def test_a_final_after_enough_silence_goes_out_at_once() -> None:
    call = Driven()
    call.speaks()
    call.stops()
    call.wait(0.7)
    assert call.driver.final("Done.") == [final("Done.")]
    assert call.state.driven == "released"


def test_a_caller_who_goes_on_keeps_the_words_as_partials_and_ends_with_both_finals() -> None:
    call = Driven()
    call.speaks()
    call.stops()
    call.wait(0.3)
    call.driver.final("My number is")
    call.wait(0.1)
    call.speaks()
    assert call.driver.partial("five five") == [partial("My number is five five")]
    call.wait(0.4)
    call.stops()
    assert call.driver.final("five five five") == [partial("My number is five five five")]
    call.wait(0.61)
    assert call.driver.tick() == [final("My number is"), final("five five five")]


def test_no_final_is_held_longer_than_the_longest_time_even_while_the_caller_speaks() -> None:
    call = Driven()
    call.speaks()
    call.stops()
    call.driver.final("I want")
    call.speaks()
    call.driver.partial("to book")
    call.wait(1.49)
    assert call.driver.tick() == []
    call.wait(0.02)
    assert call.driver.tick() == [final("I want"), partial("to book")]
    assert call.state.driven is None


def test_a_judgement_shortens_the_wait() -> None:
    call = Driven()
    call.target = 1.4
    call.speaks()
    call.stops()
    call.wait(0.2)
    call.driver.final("That is all")
    call.target = 0.1  # the sound says done
    assert call.driver.due() == 0
    assert call.driver.tick() == [final("That is all")]


def test_a_call_in_which_no_speech_was_heard_is_not_delayed() -> None:
    call = Driven()
    assert call.driver.final("Hello.") == [final("Hello.")]
    assert call.state.driven is None


def test_what_is_held_goes_out_when_the_call_ends() -> None:
    call = Driven()
    call.speaks()
    call.driver.final("Hello")
    assert call.driver.flush() == [final("Hello")]
    assert call.driver.flush() == []


_STEPS = st.lists(
    st.one_of(
        st.sampled_from(["speaks", "stops", "partial", "final"]), st.floats(0.01, 2.0).map(lambda wait: round(wait, 2))
    ),
    max_size=40,
)


@given(_STEPS)
def test_whatever_a_call_does_every_final_goes_out_once_in_order_and_in_time(steps: list[str | float]) -> None:
    call = Driven()
    said: list[tuple[str, float]] = []
    out: list[str] = []

    def sent(spoken: list[ReleasedTranscript]) -> None:
        out.extend(one.text for one in spoken if one.final)

    for number, step in enumerate(steps):
        if isinstance(step, float):
            end = call.clock.now + step
            while (due := call.driver.due()) is not None and call.clock.now + due <= end:
                call.wait(due + 1e-6)
                sent(call.driver.tick())
            call.wait(max(0.0, end - call.clock.now))
        elif step == "partial":
            sent(call.driver.partial(f"partial {number}"))
        elif step == "final":
            said.append((f"final {number}", call.clock.now))
            sent(call.driver.final(f"final {number}"))
        else:
            getattr(call, step)()
        late = [text for text, at in said if text not in out and call.clock.now - at > 1.5 + 1e-3]
        assert late == []
    sent(call.driver.flush())
    assert out == [text for text, _ in said]
