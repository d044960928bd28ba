"""Access tokens: what is accepted, for how long, and what a client that is taken out takes along."""

from __future__ import annotations

import time

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.access_tokens import AccessTokens, Client

NEAR = Client("near", "a-secret-of-the-near-client")
FAR = Client("far", "a-secret-of-the-far-client")


def tokens(*clients: Client, lifetime: float = 900, age: float = 0) -> AccessTokens:
    return AccessTokens(clients or (NEAR,), lifetime=lifetime, clock=lambda: time.time() - age)


def test_a_token_is_accepted_by_every_process_with_the_same_clients() -> None:
    assert tokens(NEAR, FAR).accepts(tokens(NEAR).issue(NEAR))


@pytest.mark.parametrize(("age", "valid"), [(0, True), (800, True), (920, True), (935, False), (90_000, False)])
def test_a_token_ends_after_its_lifetime_and_the_difference_of_two_clocks(age: float, valid: bool) -> None:
    assert tokens(NEAR).accepts(tokens(NEAR, age=age).issue(NEAR)) is valid


def test_a_client_that_is_taken_out_takes_its_tokens_along() -> None:
    token = tokens(NEAR, FAR).issue(FAR)
    assert not tokens(NEAR).accepts(token)


def test_a_secret_can_be_replaced_without_a_gap() -> None:
    newer = Client("near", "another-secret-of-the-near-client")
    both = tokens(NEAR, newer)
    assert both.client("near", NEAR.secret) == NEAR
    assert both.client("near", newer.secret) == newer
    assert both.accepts(both.issue(NEAR))
    assert both.accepts(both.issue(newer))


@pytest.mark.parametrize(("name", "secret"), [("near", FAR.secret), ("far", NEAR.secret), ("", ""), ("nobody", "x")])
def test_only_an_id_with_its_own_secret_is_a_client(name: str, secret: str) -> None:
    assert tokens(NEAR, FAR).client(name, secret) is None


@pytest.mark.parametrize("algorithm", ["HS512", "none"])
def test_a_token_under_another_algorithm_is_refused(algorithm: str) -> None:
    claims = {"iss": "vapi-providers", "sub": "near", "exp": time.time() + 60}
    key = NEAR.key + bytes(32) if algorithm != "none" else ""
    assert not tokens(NEAR).accepts(jwt.encode(claims, key, algorithm, headers={"kid": NEAR.key_id}))


@pytest.mark.parametrize("missing", ["iss", "sub", "exp"])
def test_a_token_without_a_required_claim_is_refused(missing: str) -> None:
    claims = {"iss": "vapi-providers", "sub": "near", "exp": time.time() + 60}
    del claims[missing]
    assert not tokens(NEAR).accepts(jwt.encode(claims, NEAR.key, "HS256", headers={"kid": NEAR.key_id}))


@given(st.text(alphabet="abcXYZ019._-=", max_size=80) | st.text(max_size=40))
def test_anything_else_is_refused_and_never_a_fault(token: str) -> None:
    assert not tokens(NEAR).accepts(token)


@given(st.data())
def test_a_token_with_one_letter_changed_is_refused(data: st.DataObject) -> None:
    token = tokens(NEAR).issue(NEAR)
    # The last letter of base64 holds bits that are not part of the signature.
    place = data.draw(st.integers(0, len(token) - 2))
    letter = data.draw(st.sampled_from("AbZ9-_").filter(lambda letter: letter != token[place]))
    assert not tokens(NEAR).accepts(token[:place] + letter + token[place + 1 :])


def test_neither_a_client_nor_its_key_id_shows_the_secret() -> None:
    assert NEAR.secret not in repr(NEAR) + NEAR.key_id
