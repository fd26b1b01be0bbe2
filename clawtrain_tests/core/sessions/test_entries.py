import json

import pytest

from clawtrain_assets.core.sessions.entries import Unreadable, decode_line, epoch_ms


def test_objects_glued_on_one_line_are_all_recovered() -> None:
    line = b'{"type":"custom","id":"a"}{"type":"label","id":"b"}\n'
    assert [(e.type, e.id) for e in decode_line(line)] == [("custom", "a"), ("label", "b")]


def test_a_glued_object_survives_the_rest_of_its_line() -> None:
    line = '{"type":"custom","id":"é"}{"type":'.encode()
    with pytest.raises(Unreadable) as caught:
        decode_line(line)
    assert [entry.id for entry in caught.value.entries] == ["é"]
    assert line[caught.value.rejected.start :] == b'{"type":'


WHOLE = '{"type":"message","id":"b","message":{"role":"user","content":"sí"}}'.encode()


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        (b'{"type":"message","id":"a","message":{"role":"us', "not JSON"),
        ('{"type":"message","id":"a","message":{"content":"é'.encode()[:-1], "not UTF-8"),
        (b"\0" * 5000, "NUL bytes"),
        (b'{"type":"message","message":7}', "not an entry"),
        (b"garbage", "not JSON"),
    ],
)
def test_what_was_written_behind_a_half_line_is_recovered(lost: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        decode_line(lost + WHOLE + WHOLE + b"\n")
    assert [entry.id for entry in caught.value.entries] == ["b", "b"]
    assert caught.value.rejected == (0, len(lost), reason)


def test_bytes_between_two_entries_cost_neither() -> None:
    with pytest.raises(Unreadable) as caught:
        decode_line(WHOLE + b"\0\0" + WHOLE)
    assert [entry.id for entry in caught.value.entries] == ["b", "b"]
    assert caught.value.rejected == (len(WHOLE), len(WHOLE) + 2, "NUL bytes")


def test_a_damaged_line_gives_no_entry_that_was_only_part_of_one() -> None:
    inner = '{"type":"message","id":"inner"}'
    outer = {
        "type": "message",
        "message": {"content": [{"type": "text", "text": f"it says {inner}"}]},
        "arguments": {"entry": json.loads(inner)},
    }
    line = json.dumps(outer, separators=(",", ":")).encode()
    with pytest.raises(Unreadable) as caught:
        decode_line(b"x" + line[1:] + b"\n")
    assert caught.value.entries == ()


def test_a_line_full_of_beginnings_is_read_in_time_that_grows_with_it() -> None:
    line = b"x" + b'{"type":"message","' * 50_000
    with pytest.raises(Unreadable):
        decode_line(line)


def test_a_line_of_a_megabyte_is_an_entry_like_any_other() -> None:
    block = {"type": "image", "mimeType": "image/png", "data": "A" * (1 << 20)}
    line = json.dumps({"type": "message", "message": {"role": "user", "content": [block]}})
    (entry,) = decode_line(line.encode() + b"\n")
    assert entry.message is not None
    assert entry.message.content[0].mimeType == "image/png"  # type: ignore[index,union-attr]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\xff\xfe\n", "not UTF-8"),
        (b'{"type":"message"\n', "not JSON"),
        (b"42\n", "not an object"),
        (b'{"id":"a"}\n', "object has no type"),
        (b'{"type":"message","message":7}\n', "not an entry"),
        (b"[" * 200_000 + b"\n", "nested too deeply"),
        (b"\x00\x00\x00\n", "NUL bytes"),
    ],
)
def test_unreadable_lines_say_why(line: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        decode_line(line)


def test_a_surrogate_cut_in_half_is_replaced_not_lost() -> None:
    line = b'{"type":"message","message":{"role":"user","content":"cut \\ud83d"}}'
    (entry,) = decode_line(line)
    assert entry.message is not None
    assert entry.message.content == "cut \ufffd"


def test_surrogate_pairs_survive_beside_a_lone_one() -> None:
    line = json.dumps({"type": "message", "message": {"content": "\U0001f600 \ud83d"}}).encode()
    (entry,) = decode_line(line)
    assert entry.message is not None
    assert entry.message.content == "\U0001f600 \ufffd"


def test_odd_content_blocks_become_text() -> None:
    line = b'{"type":"message","message":{"role":"user","content":["hello",{"type":"text"}]}}'
    (entry,) = decode_line(line)
    assert entry.message is not None
    assert isinstance(entry.message.content, tuple)
    assert entry.message.content[0].text == "hello"


def test_blank_lines_hold_no_entry() -> None:
    assert decode_line(b" \r\n") == []


@pytest.mark.parametrize(
    ("value", "ms"),
    [
        (1_772_866_000_123, 1_772_866_000_123),
        (1_772_866_000, 1_772_866_000_000),
        ("2026-03-07T06:46:40.123Z", 1_772_866_000_123),
        ("2026-03-07T07:46:40.123+01:00", 1_772_866_000_123),
        ("yesterday", None),
        (True, None),
        (float("nan"), None),
        (None, None),
        (-5, None),
    ],
)
def test_times_in_every_spelling(value: object, ms: int | None) -> None:
    assert epoch_ms(value) == ms
