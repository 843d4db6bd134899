"""Secrets are hidden wherever they stand, also where they are cut."""

from __future__ import annotations

import json
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from chroniker.mask import Mask


def hidden(text: str, *secrets: str, before: bool = False, after: bool = False) -> str:
    return Mask.of(secrets).hide(text.encode(), cut_before=before, cut_after=after).decode()


def test_each_occurrence_is_hidden_and_the_rest_is_not() -> None:
    assert hidden("a secret, Secret\nsecretsecret.", "secret") == "a ***, Secret\n***."


def test_secrets_that_overlap_are_hidden_whole() -> None:
    assert hidden("<abcdefgh>", "abcdef", "defgh") == "<***>"
    assert hidden("<abababa>", "ababa") == "<***>"
    assert hidden("<longer>", "long", "longer") == "<***>"


def test_a_secret_of_several_lines_is_hidden_line_by_line() -> None:
    key = "-- begin --\r\n  first\nabc\n-- end --\n"
    assert hidden("key: -- begin --\nfirst\nabc\n-- end --", key) == "key: ***\n***\nabc\n***"


def test_what_has_less_than_four_characters_is_not_hidden() -> None:
    assert hidden("abc äöü abcd", "abc", "äöü", "", "   ") == "abc äöü abcd"
    assert hidden("äöüß", "äöüß") == "***"


def test_the_forms_in_json_python_and_an_address_are_known() -> None:
    secret = "p\"ss'w/r d\\ü"
    forms = [json.dumps(secret), repr(secret), f"db://u:{quote(secret, safe='')}@host"]
    assert hidden("\n".join(forms), secret) == "\"***\"\n'***'\ndb://u:***@host"


def test_what_could_be_a_part_of_a_secret_is_hidden_where_a_line_is_cut() -> None:
    assert hidden("et=1 s", "secret", before=True, after=True) == "***=1 ***"
    assert hidden("et=1 s", "secret") == "et=1 s"
    assert hidden("x" * 9 + "ü".encode().decode(), "üüüü", after=True) == "x" * 9 + "***"


def test_a_secret_that_is_only_begun_is_hidden_at_the_end_of_the_output() -> None:
    assert hidden("now: secr", "secret") == "now: ***"
    assert hidden("now: secr\n", "secret") == "now: secr\n"


def test_a_mark_tells_masks_of_other_secrets_apart_and_no_secret() -> None:
    mask = Mask.of(["first", "second"])
    mark = mask.mark()
    assert Mask.of(["second", "first", "first"]).fits(mark)
    assert mark != mask.mark()
    for other in (Mask.of(["first"]), Mask.of(["first", "Second"]), Mask()):
        assert not other.fits(mark)
    assert not mask.fits("")
    assert not mask.fits("no mark: at all")
    assert "first" not in repr(mask) + mark


@given(st.text("ab", min_size=4, max_size=6), st.text("abc", max_size=40), st.data())
def test_no_window_of_the_output_shows_any_part_of_a_secret(
    secret: str, text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    whole = f"{text[:start]}{text[start:end]}{text[end:]}"
    shown = hidden(whole[start:end], secret, before=True, after=True)

    assert secret not in shown
    # What is left of an occurrence that was cut shows none of its characters.
    covered = set[int]()
    at = whole.find(secret)
    while at >= 0:
        covered |= set(range(at, at + len(secret)))
        at = whole.find(secret, at + 1)
    kept = [whole[i] for i in range(start, end) if i not in covered]
    assert len(shown.replace("***", "")) <= len(kept)
