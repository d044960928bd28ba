"""One name in four spellings, one order of precedence, all faults at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from providers import settings
from providers.errors import SettingsError


def load(folder: Path, flags: dict[str, object] | None = None, **environ: str) -> settings.Settings:
    return settings.load(flags or {}, environ, folder=folder)


def test_defaults_are_what_the_readme_promises(tmp_path: Path) -> None:
    chosen = load(tmp_path)
    assert (chosen.server.host, chosen.server.port, chosen.transcriber.max_calls) == ("127.0.0.1", 8080, 200)
    assert (chosen.server.max_body_bytes, chosen.voice.max_text_chars) == (8 * 1024 * 1024, 10_000)
    assert chosen.server.ping_seconds == 20


def test_flags_beat_environment_beats_dotenv_beats_file(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('port = 1\nhost = "file"\nvoice = "file"\ntranscriber = "file"\n')
    (tmp_path / ".env").write_text("PROVIDERS_PORT=2\nPROVIDERS_HOST=dotenv\nPROVIDERS_VOICE=dotenv\n")
    chosen = load(tmp_path, {"port": "4", "config": str(file)}, PROVIDERS_PORT="3", PROVIDERS_HOST="environment")
    assert (chosen.server.port, chosen.server.host, chosen.engines.voice, chosen.engines.transcriber) == (
        4,
        "environment",
        "dotenv",
        "file",
    )


def test_the_file_can_be_named_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("max_calls = 7")
    assert load(tmp_path, PROVIDERS_CONFIG=str(tmp_path / "p.toml")).transcriber.max_calls == 7


@pytest.mark.parametrize(("spelt", "value"), [("true", True), ("1", True), ("yes", True), ("0", False), ("off", False)])
def test_switches_understand_the_usual_words(tmp_path: Path, spelt: str, value: bool) -> None:
    assert load(tmp_path, PROVIDERS_NO_AUTH=spelt).access.no_auth is value


def test_all_faults_are_reported_together_naming_source_and_value(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('max_calls = "many"\nmax_cals = 3\n')
    with pytest.raises(SettingsError) as error:
        load(tmp_path, {"port": "70000", "config": str(file)}, PROVIDERS_PING_SECONDS="soon", PROVIDERS_VIOCE="x")
    faults = "\n".join(error.value.faults)
    assert len(error.value.faults) == 5
    for part in (
        "--port",
        "70000",
        "PROVIDERS_PING_SECONDS",
        "'soon'",
        "max_calls in",
        "max_cals in",
        "PROVIDERS_VIOCE",
    ):
        assert part in faults


def test_a_broken_or_missing_file_is_one_clear_fault(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("= nonsense")
    for name in ("p.toml", "none.toml"):
        with pytest.raises(SettingsError, match=rf"--config: cannot read .*{name}"):
            load(tmp_path, {"config": str(tmp_path / name)})


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ({"ssl_certfile": "a.pem"}, "--ssl-keyfile"),
        ({"no_auth": True, "secret": "s"}, "--no-auth"),
        ({"secret": ""}, "--secret"),
        ({"auth": "secret,magic"}, "--auth"),
    ],
)
def test_contradictions_are_faults(tmp_path: Path, flags: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load(tmp_path, flags)


def test_no_secret_shows_in_repr_or_in_a_fault(tmp_path: Path) -> None:
    assert "hunter2" not in repr(load(tmp_path, {"secret": "hunter2", "hmac_secret": "hunter2"}))


def test_every_setting_has_a_description_and_a_heading() -> None:
    grouped = [name for names in settings.headings().values() for name in names]
    assert grouped == [option.name for option in settings.options()]
    assert all(option.description.endswith(".") for option in settings.options())
