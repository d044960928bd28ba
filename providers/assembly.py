"""What the endpoints are given: stacks of engines, and the check of credentials.

Several engines become one that falls back, every recogniser is replaced when it is lost, and finished utterances are
cached::

    Cached( FallbackSpeaking[ first, second, third … ] )
    Reconnecting(engine), or FallbackListening[ first, second … ]
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from providers import registry
from providers.access_tokens import AccessTokens, Client
from providers.auth import OPEN, Authenticator
from providers.cache.stores import Store
from providers.engines.base import SpeechToText, TextToSpeech
from providers.engines.events import Observe, unobserved
from providers.errors import SettingsError
from providers.reconnect.options import ReconnectOptions
from providers.settings import Settings, names
from providers.settings.access import Hmac, OAuth
from providers.settings.stacks import Cache, Reconnect
from providers.shadow.listener import ShadowReport
from providers.signatures import HmacPlan, hmac_key

_PREWARMED_RATES = (24000, 8000)
"""Hz the platform asks for on web calls and, as far as is known, on telephone calls; for engines with several rates."""


def make_voice(settings: Settings, *, observe: Observe = unobserved) -> TextToSpeech:
    """The stack of speaking engines that the settings name, or of the best that is installed.

    Raises
    ------
    SettingsError
        An unknown name, or none is named and none is installed.
    EngineUnavailable
        What an engine or the cache needs is not installed.
    """
    wanted = registry.wanted_voices(settings)
    engines = [entry.make(settings) for entry in wanted.values()]
    voice = speaking_stack(engines, settings, observe=observe)
    if not settings.cache.cache_bytes or all(entry.bare for entry in wanted.values()):
        return voice
    from providers.cache.cached import Cached

    return Cached(voice, _store(settings.cache), settings=_sound(settings), observe=observe)


def prewarming(settings: Settings, voice: TextToSpeech) -> Callable[[], Coroutine[Any, Any, None]] | None:
    """What speaks the phrases of ``--prewarm`` into the cache once the server is up; None when nothing is asked for.

    Raises
    ------
    SettingsError
        The file cannot be read, or there is no cache.
    """
    if settings.cache.prewarm is None:
        return None
    from providers.cache.cached import Cached

    if not isinstance(voice, Cached):
        raise SettingsError(["--prewarm: expected a cache to speak into, found none: see --cache-bytes and --voice"])
    try:
        lines = [line.strip() for line in Path(settings.cache.prewarm).read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError([f"--prewarm: cannot read {settings.cache.prewarm!r}: {reason}"]) from None

    async def prewarm() -> None:
        for rate in _PREWARMED_RATES:
            await voice.prewarm(filter(None, lines), rate=rate)

    return prewarm


def make_transcriber(settings: Settings, *, observe: Observe = unobserved) -> SpeechToText:
    """The stack of listening engines that the settings name, or of the best that is installed.

    Raises
    ------
    SettingsError
        An unknown name, or none is named and none is installed.
    EngineUnavailable
        What an engine needs is not installed.
    """
    wanted = registry.wanted_transcribers(settings)
    engines = [entry.make(settings) for entry in wanted.values()]
    if len(engines) == 1 and all(entry.bare for entry in wanted.values()):
        return engines[0]
    return listening_stack(engines, settings, observe=observe)


def shadowed(
    transcriber: SpeechToText, settings: Settings, report: ShadowReport, *, observe: Observe = unobserved
) -> SpeechToText:
    """The recogniser with the shadow that ``--shadow`` names; the recogniser itself without one.

    Raises
    ------
    SettingsError
        An unknown name.
    EngineUnavailable
        What the shadow needs is not installed.
    """
    chosen = settings.shadow
    if not chosen.shadow:
        return transcriber
    known = registry.transcribers()
    if chosen.shadow not in known:
        raise SettingsError([f"--shadow: expected one of {', '.join(known)}, found {chosen.shadow[:40]!r}"])
    from providers.shadow.shadowed import Shadowed

    shadow = known[chosen.shadow].make(settings)
    return Shadowed(transcriber, shadow, report, share=chosen.shadow_share, observe=observe)


def listening_stack(
    engines: Sequence[SpeechToText], settings: Settings, *, observe: Observe = unobserved
) -> SpeechToText:
    """Engines in order of preference as one that reconnects, and falls back where there are several."""
    options = _reconnect_options(settings.reconnect)
    if len(engines) == 1:
        from providers.reconnect.reconnecting import Reconnecting

        return Reconnecting(engines[0], options=options, observe=observe)
    from providers.failover.health import CooldownOptions
    from providers.failover.listening import FallbackListening, FallbackListeningOptions

    cooldown = CooldownOptions(base=settings.failover.fallback_rest_seconds)
    return FallbackListening(engines, options=FallbackListeningOptions(options, cooldown), observe=observe)


def speaking_stack(
    engines: Sequence[TextToSpeech], settings: Settings, *, observe: Observe = unobserved
) -> TextToSpeech:
    """Engines in order of preference as one that falls back where there are several."""
    if len(engines) == 1:
        return engines[0]
    from providers.failover.health import CooldownOptions
    from providers.failover.hedging import HedgeOptions
    from providers.failover.speaking import FallbackSpeaking, FallbackSpeakingOptions

    options = FallbackSpeakingOptions(
        change_mid_text=settings.failover.fallback_mid_text,
        first_audio=settings.failover.fallback_first_audio_seconds,
        last_first_audio=settings.voice.first_audio_seconds,
        idle=settings.voice.next_audio_seconds,
        hedge=HedgeOptions() if settings.failover.hedge else None,
        cooldown=CooldownOptions(base=settings.failover.fallback_rest_seconds),
    )
    return FallbackSpeaking(engines, options=options, observe=observe)


def _reconnect_options(settings: Reconnect) -> ReconnectOptions:
    return ReconnectOptions(
        replay=settings.replay_seconds,
        open=settings.recogniser_open_seconds,
        suspect=settings.recogniser_suspect_seconds,
        first_result=settings.recogniser_first_result_seconds,
        next_result=settings.recogniser_next_result_seconds,
        flush=settings.recogniser_flush_seconds,
        base=settings.reconnect_base_seconds,
        ceiling=settings.reconnect_ceiling_seconds,
        patience=settings.reconnect_patience_seconds,
    )


def _store(settings: Cache) -> Store:
    from providers.cache.stores import FileStore, MemoryStore, RedisStore

    if settings.cache_redis_url:
        return RedisStore(settings.cache_redis_url)
    if settings.cache_folder:
        return FileStore(Path(settings.cache_folder), settings.cache_bytes)
    return MemoryStore(settings.cache_bytes)


def _sound(settings: Settings) -> str:
    """A digest of the wanted engines' own settings: part of each recording's key in a shared cache."""
    wanted = registry.wanted_voices(settings)
    told = "\n".join(f"{name} {entry.digest(settings)}" for name, entry in wanted.items())
    return hashlib.sha256(told.encode()).hexdigest()


def make_authenticator(settings: Settings) -> Authenticator:
    """The check of every request, with the credentials that the settings accept.

    Raises
    ------
    SettingsError
        Nothing could ever be accepted: nothing is set, or the HMAC key is not base64.
    """
    access = settings.access
    if access.no_auth:
        return OPEN
    if not settings.has_credential:
        raise SettingsError(["--secret: expected a secret (or --no-auth), found none"])
    ways = set(names(access.auth))
    return Authenticator(
        secret=access.secret if "secret" in ways else None,
        bearer=access.secret if "bearer" in ways else None,
        bearer_header=access.bearer_header.lower(),
        bearer_prefix=access.bearer_prefix,
        token=access.secret if "token" in ways else None,
        access_tokens=_access_tokens(settings.oauth) if "oauth" in ways else None,
        signed=_hmac_plan(settings.hmac) if "hmac" in ways else None,
        clock=time.time,
    )


def _access_tokens(chosen: OAuth) -> AccessTokens | None:
    """What makes and checks the tokens of the clients; None without a client."""
    if chosen.client is None:
        return None
    return AccessTokens(
        (Client(name, secret) for name, secret in chosen.clients), lifetime=chosen.token_seconds, clock=time.time
    )


def _hmac_plan(settings: Hmac) -> HmacPlan | None:
    """How signatures are checked; None without a key of their own."""
    if settings.secret is None:
        return None
    try:
        key = hmac_key(settings.secret, is_base64=settings.secret_is_base64)
    except ValueError as error:
        raise SettingsError([f"--hmac-secret: {error}, found something else"]) from None
    return HmacPlan(
        key=key,
        algorithm=settings.algorithm,
        signature_header=settings.signature_header.lower(),
        signature_prefix=settings.signature_prefix,
        signature_encoding=settings.signature_encoding,
        timestamp_header=settings.timestamp_header.lower(),
        message_id_header=settings.message_id_header.lower(),
        payload_format=settings.payload_format,
        window=settings.window_seconds,
    )
