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


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("channels", "caller", "expected one of customer, both, found 'caller'"),
        ("log_level", "loud", "expected one of debug, info, warning, error, found 'loud'"),
        ("port", "70000", "expected a whole number from 0 to 65535, found '70000'"),
        ("max_calls", "0", "expected a whole number of at least 1, found '0'"),
        ("denoise", "maybe", "expected true or false, found 'maybe'"),
        ("first_audio_seconds", "nan", "expected a number from 0.001 to 3600, found 'nan'"),
    ],
)
def test_a_wrong_value_is_told_what_was_expected(tmp_path: Path, name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(tmp_path, {name: value})
    assert error.value.faults == (f"--{name.replace('_', '-')}: {told}",)


def test_an_unknown_setting_is_told_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("max_cals = 3\nnothing_like_it = 1\n[hmu]\npitch = 1\n")
    with pytest.raises(SettingsError) as error:
        load(tmp_path, {"config": str(tmp_path / "p.toml")}, PROVIDERS_HMAC_SECERT="x")
    assert error.value.faults == (
        "PROVIDERS_HMAC_SECERT: no such setting; did you mean PROVIDERS_HMAC_SECRET?",
        f"hmu in {tmp_path / 'p.toml'}: no such setting",
        f"max_cals in {tmp_path / 'p.toml'}: no such setting; did you mean max_calls?",
        f"nothing_like_it in {tmp_path / 'p.toml'}: no such setting",
    )


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
    secrets: dict[str, object] = {"secret": "hunter2", "hmac_secret": "hunter2", "deepgram_api_key": "hunter2"}
    assert "hunter2" not in repr(load(tmp_path, {**secrets, "allow_weak_secret": True}))
    with pytest.raises(SettingsError) as error:
        load(tmp_path, secrets)
    assert "hunter2" not in str(error.value)


STRONG = "correct-horse-battery"


@pytest.mark.parametrize(
    ("secret", "found"),
    [
        ("", "at least 16 characters, found none"),
        (" \t", "at least 16 characters, found only white space"),
        ("correct-horse", "at least 16 characters, found 13"),
        (f" {STRONG}", "no white space around it"),
        ("Schlüsselbund-des-Hauses", "printable ASCII"),
        (f"{STRONG}\nx-admin: 1", "printable ASCII"),
    ],
)
@pytest.mark.parametrize("name", ["secret", "hmac_secret"])
def test_a_secret_that_protects_nothing_or_cannot_be_sent_is_refused(
    tmp_path: Path, name: str, secret: str, found: str
) -> None:
    with pytest.raises(SettingsError, match=rf"--{name.replace('_', '-')}: expected .*{found}") as error:
        settings.load({}, {f"PROVIDERS_{name.upper()}": secret}, folder=tmp_path)
    assert not secret.strip() or secret not in str(error.value)


def test_a_short_secret_can_be_allowed_and_an_empty_one_cannot(tmp_path: Path) -> None:
    assert load(tmp_path, {"secret": "s", "hmac_secret": "k", "allow_weak_secret": True}).access.secret == "s"
    for name in ("secret", "hmac_secret"):
        with pytest.raises(SettingsError, match="found none"):
            load(tmp_path, {name: "", "allow_weak_secret": True})


@pytest.mark.parametrize(
    ("key", "found"), [("c2hvcnQ=", "16 bytes in base64, found 5"), ("not base64 at all!", "expected base64")]
)
def test_a_key_in_base64_is_measured_decoded(tmp_path: Path, key: str, found: str) -> None:
    with pytest.raises(SettingsError, match=found):
        load(tmp_path, {"hmac_secret": key, "hmac_secret_is_base64": True})


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ({"hmac_payload_format": "{body}"}, "found no {timestamp}"),
        ({"hmac_payload_format": "static"}, "found no {body}"),
        ({"hmac_payload_format": "{timestamp}"}, "found no {body}"),
        ({"hmac_include_timestamp": False}, "--hmac-include-timestamp: expected true"),
        ({"hmac_window_seconds": "0"}, "--hmac-window-seconds"),
        ({"auth": "secret"}, "--hmac-secret: expected hmac among --auth"),
        ({"no_auth": True}, "--no-auth and --hmac-secret"),
    ],
)
def test_signatures_that_protect_nothing_are_refused(tmp_path: Path, flags: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(tmp_path, {"hmac_secret": STRONG, **flags})
    assert named in str(error.value)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"oauth_client": " "}, "--oauth-client: expected id:secret, found none"),
        ({"oauth_client": f"a:{STRONG},b"}, "--oauth-client: expected id:secret, found something else at place 2"),
        ({"oauth_client": f":{STRONG}"}, "found something else at place 1"),
        ({"oauth_client": f"a:{STRONG} b:short"}, "--oauth-client, place 2: expected at least 16 characters, found 5"),
        ({"oauth_client": f"a:{STRONG}", "no_auth": True}, "--no-auth and --oauth-client"),
        ({"oauth_client": f"a:{STRONG}", "auth": "secret"}, "--oauth-client: expected oauth among --auth"),
        ({"auth": "oauth"}, "--auth oauth: expected --oauth-client, found none"),
        ({"oauth_token_seconds": "5"}, "--oauth-token-seconds: expected a number from 60 to 86400"),
    ],
)
def test_clients_that_cannot_be_used_are_faults_and_never_quoted(
    tmp_path: Path, flags: dict[str, object], told: str
) -> None:
    with pytest.raises(SettingsError) as error:
        load(tmp_path, flags)
    assert told in str(error.value)
    assert STRONG not in str(error.value)


def test_signatures_alone_need_a_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--auth hmac: expected --hmac-secret"):
        load(tmp_path, {"auth": "hmac", "secret": STRONG})


SECRETS = [option for option in settings.options() if option.secret]


@pytest.mark.parametrize("option", SECRETS, ids=[option.name for option in SECRETS])
def test_every_secret_can_stand_in_a_file(tmp_path: Path, option: settings.Option) -> None:
    secret = f"client:{STRONG}"  # the form that every secret may have
    (tmp_path / "file").write_text(f"{secret}\n")
    file = str(tmp_path / "file")
    (tmp_path / "p.toml").write_text(f'{option.name}_file = "{file}"')
    variables = [f"PROVIDERS_{option.name.upper()}_FILE"]
    if option.vendor_variable:
        variables.append(f"{option.vendor_variable}_FILE")
    chosen = [settings.load({}, {variable: file}, folder=tmp_path) for variable in variables]
    chosen.append(load(tmp_path, {f"{option.name}_file": file}))
    chosen.append(load(tmp_path, {"config": str(tmp_path / "p.toml")}))
    assert {each.get(option.name) for each in chosen} == {secret}


def test_a_secret_file_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xe4" * 20)
    (tmp_path / "large").write_bytes(b"x" * 100_000)
    (tmp_path / "empty").write_text("\n")
    for name, told in (
        ("none", "No such file"),
        ("latin", "not UTF-8"),
        ("large", "larger than"),
        ("empty", "found none"),
    ):
        with pytest.raises(SettingsError, match=told) as error:
            load(tmp_path, {"secret_file": str(tmp_path / name)})
        assert len(error.value.faults) == 1


def test_a_secret_and_its_file_in_one_source_are_a_fault_and_a_flag_beats_a_file_of_the_environment(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text(STRONG)
    file = str(tmp_path / "file")
    with pytest.raises(SettingsError, match="PROVIDERS_SECRET and PROVIDERS_SECRET_FILE: expected one of them"):
        load(tmp_path, PROVIDERS_SECRET=STRONG, PROVIDERS_SECRET_FILE=file)
    chosen = load(tmp_path, {"secret": "the-flags-own-secret"}, PROVIDERS_SECRET_FILE=file)
    assert chosen.access.secret == "the-flags-own-secret"


def test_every_setting_has_a_description_and_a_heading() -> None:
    grouped = [name for names in settings.headings().values() for name in names]
    assert grouped == [option.name for option in settings.options()]
    assert all(option.description.endswith(".") for option in settings.options())
