"""PDFs written by hand, byte for byte, so that they can be as wrong as a test wants."""

import io
import zlib
from collections.abc import Sequence
from typing import Literal

from pypdf import PdfWriter

Algorithm = Literal["RC4-40", "RC4-128", "AES-128", "AES-256"]
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
FLATE = b"/Filter /FlateDecode "


def pdf(*pages: str) -> bytes:
    """A page for each text; "" is a page without words."""
    return pdf_of_contents(
        [stream(f"BT /F1 12 Tf 50 700 Td ({page}) Tj ET".encode() if page else b"") for page in pages]
    )


def pdf_of_contents(contents: Sequence[bytes]) -> bytes:
    """A page for each content stream."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * index) for index in range(len(contents)))
    objects = [
        CATALOG,
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(contents), kids),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index, content in enumerate(contents):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F1 3 0 R >> >>"
            b" /Contents %d 0 R >>" % (5 + 2 * index)
        )
        objects.append(content)
    return document(objects)


def document(objects: Sequence[bytes]) -> bytes:
    """The objects 1, 2, 3…; the first is the catalogue."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s>>\nstream\n" % (len(data), entries) + data + b"\nendstream"


def slow_pdf() -> bytes:
    """Takes pypdf many seconds: millions of words in one page."""
    return pdf_of_contents([stream(zlib.compress(b"BT /F1 12 Tf (word) Tj ET\n" * 2_500_000, 1), FLATE)])


def bomb(gigabytes: int) -> bytes:
    """A page of blanks that inflates to so much, made from one piece that is repeated."""
    deflate = zlib.compressobj(9)
    blanks = b" " * (1 << 24)
    first = deflate.compress(blanks) + deflate.flush(zlib.Z_FULL_FLUSH)
    again = deflate.compress(blanks) + deflate.flush(zlib.Z_FULL_FLUSH)
    return pdf_of_contents([stream(first + again * (64 * gigabytes) + deflate.flush(), FLATE)])


def encrypted(content: bytes, password: str, algorithm: Algorithm = "RC4-128") -> bytes:
    """The owner's password is another; "" is one that every reader tries."""
    writer = PdfWriter(io.BytesIO(content))
    writer.encrypt(password, "the owner's", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
