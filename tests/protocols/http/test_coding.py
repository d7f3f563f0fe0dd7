"""Codings are undone whatever the pieces, bounded, and refused when broken."""

import gzip
import zlib
from contextlib import suppress

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import DecodeError
from firstbyte.protocols.http.coding import PIECE_BYTES, Decoder, make_decoder

TEXT = b"The quick brown fox. " * 5000


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


ENCODED = {
    "gzip": ("gzip", gzip.compress(TEXT)),
    "x-gzip": ("x-gzip", gzip.compress(TEXT)),
    "two members": ("gzip", gzip.compress(TEXT[:500]) + gzip.compress(TEXT[500:])),
    "gzip and garbage": ("gzip", gzip.compress(TEXT) + b"\0\0\0"),
    "zlib": ("deflate", zlib.compress(TEXT)),
    "raw deflate": ("Deflate", raw_deflate(TEXT)),
    "br": ("br", brotli.compress(TEXT)),
    "zstd": ("zstd", zstandard.compress(TEXT)),
    "two frames": ("zstd", zstandard.compress(TEXT[:9]) + zstandard.compress(TEXT[9:])),
    "chain": ("br, identity, gzip", gzip.compress(brotli.compress(TEXT))),
}


def decoded(decoder: Decoder | None, data: bytes, step: int) -> bytes:
    assert decoder is not None
    out = b"".join(
        piece for i in range(0, len(data), step) for piece in decoder.feed(data[i : i + step])
    )
    decoder.finish()
    return out


@pytest.mark.parametrize("step", [1, 7, 1000, 1 << 30])
@pytest.mark.parametrize("name", ENCODED)
def test_decoding(name: str, step: int):
    encoding, data = ENCODED[name]
    assert decoded(make_decoder(encoding), data, step) == TEXT


@pytest.mark.parametrize("encoding", [None, "", "identity", " , identity"])
def test_nothing_to_undo(encoding: str | None):
    assert make_decoder(encoding) is None


@pytest.mark.parametrize("encoding", ["compress", "gzip, mystery", ", ".join(["gzip"] * 6)])
def test_unknown_codings(encoding: str):
    with pytest.raises(DecodeError):
        make_decoder(encoding)


@pytest.mark.parametrize("name", ["gzip", "zlib", "raw deflate", "br", "zstd", "chain"])
def test_a_cut_stream_is_refused(name: str):
    encoding, data = ENCODED[name]
    with pytest.raises(DecodeError):
        decoded(make_decoder(encoding), data[:-12], 100)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_no_content_is_no_fault(encoding: str):
    assert decoded(make_decoder(encoding), b"", 1) == b""


@pytest.mark.parametrize(
    ("encoding", "bomb", "largest"),
    [
        ("gzip", gzip.compress(bytes(50_000_000)), PIECE_BYTES),
        ("br", brotli.compress(bytes(50_000_000), quality=5), 2 * PIECE_BYTES),
        ("zstd", zstandard.compress(bytes(50_000_000)), 40 << 20),
    ],
)
def test_a_bomb_comes_in_bounded_pieces(encoding: str, bomb: bytes, largest: int):
    decoder = make_decoder(encoding)
    assert decoder is not None
    sizes = [len(piece) for piece in decoder.feed(bomb)]
    assert sum(sizes) == 50_000_000
    assert max(sizes) <= largest


def test_zstd_windows_above_8_mib_are_refused():
    parameters = zstandard.ZstdCompressionParameters(window_log=24)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = compressor.compress(b"x") + compressor.flush()
    with pytest.raises(DecodeError):
        decoded(make_decoder("zstd"), data, 100)


@given(
    st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br"]),
    st.lists(st.binary(max_size=50), max_size=5),
    st.sampled_from([b"", b"\x1f\x8b\x08\x00", b"\x78\x9c", b"\x28\xb5\x2f\xfd"]),
)
def test_random_bytes_raise_nothing_else(encoding: str, pieces: list[bytes], start: bytes):
    decoder = make_decoder(encoding)
    assert decoder is not None
    with suppress(DecodeError):
        for piece in [start, *pieces]:
            for _ in decoder.feed(piece):
                pass
        decoder.finish()
