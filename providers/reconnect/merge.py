"""Merge of the transcripts of several recognitions of one stream: by audio time, no word lost, none repeated.

Each recognition hears the stream from some point on. Per channel everything up to the end of the last final is
*settled*: no later transcript may say it again. All times here are seconds of the stream. Pure; knows no clock.
"""

from __future__ import annotations

from dataclasses import replace

from providers.engines.base import Transcript, Word

__all__ = ["Merge", "shifted"]


def shifted(transcript: Transcript, offset: float) -> Transcript:
    """Move a transcript by ``offset`` seconds: from the time of its recognition to the time of the stream."""
    if not offset:
        return transcript
    return replace(
        transcript,
        start=transcript.start + offset,
        end=transcript.end + offset,
        words=tuple(Word(word.text, word.start + offset, word.end + offset) for word in transcript.words),
    )


class Merge:
    """Settled time and open utterance of every channel.

    Parameters
    ----------
    channels
        Channels of the stream.
    """

    def __init__(self, channels: int) -> None:
        self._settled = [0.0] * channels
        self._open: list[Transcript | None] = [None] * channels

    @property
    def is_open(self) -> bool:
        """Whether an utterance has begun on any channel and has no final yet."""
        return any(self._open)

    def settled(self, channel: int) -> float:
        """Seconds up to which the channel's words are out."""
        return self._settled[channel]

    def admit(self, transcript: Transcript, *, sent: float) -> Transcript | None:
        """Take a transcript in; returns what of it is news, None where nothing is.

        A partial without text says that no words are open.

        Parameters
        ----------
        transcript
            What a recognition said, in seconds of the stream.
        sent
            Seconds of the stream that the recognition was given so far: no transcript can reach further, and one
            without times of its own reaches exactly there.
        """
        settled = self._settled[transcript.channel]
        if not transcript.text and not transcript.final:
            self._open[transcript.channel] = None
            return None
        timeless = transcript.end <= transcript.start
        end = sent if timeless else min(transcript.end, sent)
        if transcript.text and not timeless and end <= settled:
            return None
        news = replace(transcript, start=min(max(transcript.start, settled), end), end=max(end, settled))
        if transcript.words:
            words = tuple(word for word in transcript.words if word.start + word.end > 2 * settled)
            if not words:
                return None
            if len(words) < len(transcript.words):
                news = replace(news, text=" ".join(word.text for word in words), words=words)
        self._open[news.channel] = None if news.final else news
        if news.final:
            self._settled[news.channel] = news.end
        return news

    def rescue(self, channel: int, before: float) -> Transcript | None:
        """Turn the open partial into a final, up to the last word that cannot be heard again as a whole.

        Parameters
        ----------
        channel
            Of the partial.
        before
            Seconds; the audio before it is gone.
        """
        partial = self._open[channel]
        if partial is None or not partial.text or partial.start >= before:
            return None
        if partial.words:
            words = tuple(word for word in partial.words if word.start < before)
            if not words:
                return None
            text = partial.text if len(words) == len(partial.words) else " ".join(word.text for word in words)
            final = replace(partial, text=text, words=words, final=True, end=words[-1].end)
        else:
            final = replace(partial, final=True)
        self._settled[channel] = final.end
        self._open[channel] = None
        return final
