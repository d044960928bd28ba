"""Settings of the engines, one group for each thing that can be told apart in a cached recording."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from providers.settings.group import Group, secret_from

Speed = Annotated[float, Meta(ge=0.25, le=4)]
"""1 is the voice's own."""


class EspeakSettings(Group, frozen=True):
    """The embedded voice."""

    heading: ClassVar[str] = "Embedded engines"
    prefix: ClassVar[str] = "espeak_"

    voice: Annotated[str, Meta(description="espeak: default voice, a language tag with optional variant.")] = "en-us"
    wpm: Annotated[Annotated[int, Meta(ge=80, le=450)], Meta(description="espeak: words per minute.")] = 175


class PocketsphinxSettings(Group, frozen=True):
    """The embedded recogniser."""

    heading: ClassVar[str] = "Embedded engines"
    prefix: ClassVar[str] = "pocketsphinx_"

    capacity: Annotated[
        Annotated[int, Meta(ge=0)], Meta(description="pocketsphinx: speakers at once; 0 is two per core.")
    ] = 0
    silence_seconds: Annotated[
        Annotated[float, Meta(ge=0.3, le=10)], Meta(description="pocketsphinx: silence that ends an utterance, s.")
    ] = 0.5
    profanity: Annotated[
        bool, Meta(description="pocketsphinx: let profanity through; it invents some on telephone audio.")
    ] = False


class DeepgramSettings(Group, frozen=True):
    """The account, for both directions."""

    heading: ClassVar[str] = "Deepgram"
    prefix: ClassVar[str] = "deepgram_"

    api_key: Annotated[
        str | None, Meta(description="Deepgram's key; also DEEPGRAM_API_KEY.", extra=secret_from("DEEPGRAM_API_KEY"))
    ] = None
    url: Annotated[str, Meta(description="Base URL of Deepgram, cloud or self-hosted; http, https, ws or wss.")] = (
        "https://api.deepgram.com"
    )


class DeepgramVoiceSettings(Group, frozen=True):
    """Deepgram's speaking side."""

    heading: ClassVar[str] = "Deepgram"
    prefix: ClassVar[str] = "deepgram_"

    voice: Annotated[str, Meta(description="Deepgram: default voice, an Aura model.")] = "aura-2-thalia-en"


class DeepgramListenerSettings(Group, frozen=True):
    """Deepgram's listening side."""

    heading: ClassVar[str] = "Deepgram"
    prefix: ClassVar[str] = "deepgram_"

    model: Annotated[str, Meta(description="Deepgram: listening model; ?model= on the socket wins.")] = "nova-3"
    language: Annotated[str | None, Meta(description="Deepgram: language to hear; ?language= on the socket wins.")] = (
        None
    )
    keyterms: Annotated[str, Meta(description="Deepgram: terms to listen for, comma-separated.")] = ""
    endpointing_ms: Annotated[
        Annotated[int, Meta(ge=0)], Meta(description="Deepgram: silence that ends a segment, ms.")
    ] = 300
    utterance_end_ms: Annotated[
        Annotated[int, Meta(ge=1000)], Meta(description="Deepgram: gap between words that ends an utterance, ms.")
    ] = 1000
    block_ms: Annotated[
        Annotated[int, Meta(ge=0, le=500)],
        Meta(description="Deepgram: audio in one message, ms; 0 sends what comes, a Ray Serve tier needs 100."),
    ] = 0
    smart_format: Annotated[bool, Meta(description="Deepgram: punctuation and number formatting.")] = True


class OpenAISettings(Group, frozen=True):
    """Any server that speaks OpenAI's ``/v1/audio/speech``."""

    heading: ClassVar[str] = "OpenAI-compatible speech"
    prefix: ClassVar[str] = "openai_"

    api_key: Annotated[
        str | None, Meta(description="The key; also OPENAI_API_KEY.", extra=secret_from("OPENAI_API_KEY"))
    ] = None
    url: Annotated[
        str, Meta(description="Base URL of any /v1/audio/speech server: Kokoro-FastAPI, speaches, vLLM-omni ….")
    ] = "https://api.openai.com"
    model: Annotated[str, Meta(description="openai: model.")] = "gpt-4o-mini-tts"
    voice: Annotated[str, Meta(description="openai: default voice.")] = "alloy"
    native_rate: Annotated[
        Annotated[int, Meta(ge=8000, le=48000)], Meta(description="openai: Hz of the server's bare PCM.")
    ] = 24000
    speed: Annotated[Speed, Meta(description="openai: speed.")] = 1.0
    instructions: Annotated[str, Meta(description="openai: how the voice should sound.")] = ""
    extra: Annotated[str, Meta(description="openai: more fields of the request, a JSON object.")] = ""


class SherpaVoiceSettings(Group, frozen=True):
    """Sherpa's speaking side."""

    heading: ClassVar[str] = "Local neural engines, with models of your own"
    prefix: ClassVar[str] = "sherpa_"

    voice_folder: Annotated[str | None, Meta(description="sherpa: folder of a speaking model.")] = None


class SherpaListenerSettings(Group, frozen=True):
    """Sherpa's listening side."""

    heading: ClassVar[str] = "Local neural engines, with models of your own"
    prefix: ClassVar[str] = "sherpa_"

    listen_folder: Annotated[str | None, Meta(description="sherpa: folder of a streaming listening model.")] = None


class PiperSettings(Group, frozen=True):
    """The piper voice."""

    heading: ClassVar[str] = "Local neural engines, with models of your own"
    prefix: ClassVar[str] = "piper_"

    model: Annotated[str | None, Meta(description="piper: voice file, .onnx beside its .onnx.json.")] = None


class KokoroSettings(Group, frozen=True):
    """The kokoro voice."""

    heading: ClassVar[str] = "Local neural engines, with models of your own"
    prefix: ClassVar[str] = "kokoro_"

    model: Annotated[str | None, Meta(description="kokoro: model file, .onnx.")] = None
    voices: Annotated[str | None, Meta(description="kokoro: voices file, .bin.")] = None
    voice: Annotated[str, Meta(description="kokoro: default voice.")] = "af_heart"


class WhisperSettings(Group, frozen=True):
    """The whisper recogniser."""

    heading: ClassVar[str] = "Local neural engines, with models of your own"
    prefix: ClassVar[str] = "whisper_"

    folder: Annotated[str | None, Meta(description="whisper: folder of a CTranslate2 model.")] = None
    language: Annotated[str | None, Meta(description="whisper: language, ISO 639-1; guessed when unset.")] = None


class VoskSettings(Group, frozen=True):
    """The vosk recogniser."""

    heading: ClassVar[str] = "Local neural engines, with models of your own"
    prefix: ClassVar[str] = "vosk_"

    folder: Annotated[str | None, Meta(description="vosk: folder of a model.")] = None


class LocalVoices(Group, frozen=True):
    """What the local voices share."""

    heading: ClassVar[str] = "Local neural engines, with models of your own"
    prefix: ClassVar[str] = "local_"

    speed: Annotated[Speed, Meta(description="Speed of sherpa, piper and kokoro voices.")] = 1.0


class LocalListeners(Group, frozen=True):
    """What the local recognisers share."""

    heading: ClassVar[str] = "Local neural engines, with models of your own"
    prefix: ClassVar[str] = "local_"

    capacity: Annotated[
        Annotated[int, Meta(ge=0)],
        Meta(
            description="sherpa, whisper, vosk: speakers at once; 0: whisper 2 per core that keep up, others no limit."
        ),
    ] = 0
