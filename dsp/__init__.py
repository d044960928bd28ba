"""Signal processing for telephone speech on numpy and soxr: pure, streaming, independent of how its input is cut."""

from dsp.activity import ActivityEvent, VoiceActivity
from dsp.backends import backend, use_backend
from dsp.beep import Beep, BeepDetector
from dsp.channels import join_channels, split_channels
from dsp.denoise import FourierDenoiser
from dsp.denoise_plan import FourierDenoisingPlan
from dsp.dtmf import DtmfDetector, DtmfDigit, dtmf_tones
from dsp.echo import EchoCanceller
from dsp.echo_gate import EchoGate
from dsp.edges import EdgeTrim, trim_silence
from dsp.errors import ParameterError, SignalError
from dsp.fades import crossfade, fade_in, fade_out
from dsp.g711 import Codes, alaw_decode, alaw_encode, mulaw_decode, mulaw_encode
from dsp.leveler import Leveler
from dsp.levels import is_audible, peak_dbfs, rms_dbfs, true_peak_dbtp
from dsp.limiter import Limiter
from dsp.live import LiveResampler
from dsp.pcm import PcmDecoder, decode_pcm16, encode_pcm16
from dsp.resample import Resampler
from dsp.stage import Chain, Samples, Stage

__all__ = [
    "ActivityEvent",
    "Beep",
    "BeepDetector",
    "Chain",
    "Codes",
    "DtmfDetector",
    "DtmfDigit",
    "EchoCanceller",
    "EchoGate",
    "EdgeTrim",
    "FourierDenoiser",
    "FourierDenoisingPlan",
    "Leveler",
    "Limiter",
    "LiveResampler",
    "ParameterError",
    "PcmDecoder",
    "Resampler",
    "Samples",
    "SignalError",
    "Stage",
    "VoiceActivity",
    "alaw_decode",
    "alaw_encode",
    "backend",
    "crossfade",
    "decode_pcm16",
    "dtmf_tones",
    "encode_pcm16",
    "fade_in",
    "fade_out",
    "is_audible",
    "join_channels",
    "mulaw_decode",
    "mulaw_encode",
    "peak_dbfs",
    "rms_dbfs",
    "split_channels",
    "trim_silence",
    "true_peak_dbtp",
    "use_backend",
]
