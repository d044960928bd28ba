"""Settings of background denoising: the smart stage, and the platform's Fourier plan."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from providers.settings.group import Group


class DenoisingSettings(Group, frozen=True):
    """How background is taken out of the customer's channel. ``--denoise`` switches the Fourier plan on."""

    heading: ClassVar[str] = "Background denoising of calls"
    prefix: ClassVar[str] = "denoise_"

    smart: Annotated[
        Literal["off", "webrtc", "rnnoise"],
        Meta(description="Suppressor before the Fourier plan; the extras webrtc-ns and rnnoise bring them."),
    ] = "off"
    media_detection: Annotated[
        bool, Meta(description="Take steady background out under the speech too (mediaDetectionEnabled).")
    ] = True
    static_threshold_db: Annotated[
        Annotated[float, Meta(ge=-80, le=0)],
        Meta(description="Threshold while no baseline is established, dBFS (staticThreshold)."),
    ] = -35.0
    baseline_offset_db: Annotated[
        Annotated[float, Meta(ge=-30, le=-5)],
        Meta(description="What lies this far below the baseline is filtered, dB (baselineOffsetDb)."),
    ] = -15.0
    window_seconds: Annotated[
        Annotated[float, Meta(ge=1, le=30)],
        Meta(description="Seconds of level that the baseline is taken from (windowSizeMs)."),
    ] = 3.0
    baseline_percentile: Annotated[
        Annotated[float, Meta(ge=1, le=99)],
        Meta(description="Percentile of the level that is the baseline (baselinePercentile)."),
    ] = 85.0
