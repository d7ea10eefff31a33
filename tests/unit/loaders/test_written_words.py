from __future__ import annotations

import time

import pytest

from ragsight.loaders.written_words import written_words


@pytest.mark.parametrize(
    "text",
    [
        "OLYMPUS DIGITAL CAMERA",
        "KONICA MINOLTA DIGITAL CAMERA",
        "SONY DSC",
        "Exif_JPEG_PICTURE",
        "<KENOX S760  / Samsung S760>",
        "IMG_0012.JPG",
        "DSC00012",
        "my pump drawing.png",
        "Screen Shot 2012-03-04 at 10.12.13 AM.png",
        "Picture 3",
        "Bild 4",
        "12",
        "3.5",
        "2024-05-01 12:00",
        r"C:\Users\Ann Smith\My Pictures\foo bar.jpg",
        "c:/temp/foo.png",
        r"\\server\share\pumps\p.png",
        "/Users/ann/Desktop/foo",
        "/home/ann/foo bar.png",
        "file:///tmp/x.svg",
        "Macintosh HD:Users:ann:Desktop:My pic.png",
        "https://example.org/pictures/pump.jpg?size=3",
        "Created with GIMP",
        '{"source": "editor", "id": 3}',
        "a" * 20_000,
        "",
        "…",
    ],
)
def test_what_machines_fill_in_is_no_description(text: str) -> None:
    assert written_words(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "The pump from above",
        "Logo",
        "either/or",
        "A4 and/or B5, ratio 1:2",
        "A scan of the valve",
        "Photo of 3 pumps",
        "図のポンプ",
        "The logo, as it stood on the letterhead of the firm in logo.png",
        "B52",
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert written_words(f" {text}\n") == text


def test_a_path_among_words_goes_and_the_words_stay() -> None:
    text = r"Chart from C:\Users\Bob Smith\sales 2.png, corrected"
    assert written_words(text) == "Chart from , corrected"
    assert "bob" not in written_words("See /Users/bob/notes for the chart").lower()


def test_the_camera_s_own_name_is_no_description() -> None:
    assert written_words("ACME X100 digital camera", ("ACME", "X100")) == ""
    assert written_words("The ACME on a table", ("ACME", "X100")) == "The ACME on a table"


def test_long_and_odd_descriptions_take_no_time() -> None:
    started = time.perf_counter()
    for text in ("a" * 9_999, "a " * 4_999, "1." * 4_999, "C:\\" * 3_000, "/home/" * 1_600 + "x"):
        written_words(text)
    assert time.perf_counter() - started < 2
