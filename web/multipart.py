"""Forms that hold a file (RFC 7578), whole in memory: what is taken is limited before it comes here."""

from email.message import Message
from email.parser import BytesHeaderParser

MAX_PARTS = 20
Values = dict[str, tuple[str, ...]]


def multipart(content_type: str, body: bytes) -> tuple[Values, dict[str, bytes]]:
    """The fields' values and the files' contents, by field. ValueError for what is no such form."""
    head = Message()
    head["Content-Type"] = content_type
    boundary = head.get_boundary("")
    if not boundary:
        raise ValueError("no boundary")
    mark = b"--" + boundary.encode("ascii")
    parts = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(parts) < 2 or not parts[-1].startswith(b"--") or len(parts) > MAX_PARTS:
        raise ValueError("not in parts")
    values: Values = {}
    files: dict[str, bytes] = {}
    for part in parts[1:-1]:
        name, filename, content = _part(part)
        if filename is not None:
            files[name] = content
        else:
            values[name] = (*values.get(name, ()), content.decode("utf-8"))
    return values, files


# ---------------------------------------------------------------------------------------------------------------------


def _part(part: bytes) -> tuple[str, str | None, bytes]:
    """Name, file name (None for a plain field) and content."""
    head, blank, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    told = BytesHeaderParser().parsebytes(head)
    name = told.get_param("name", header="content-disposition")
    if not blank or told.get_content_disposition() != "form-data" or not isinstance(name, str):
        raise ValueError("a part without a name")
    return name, told.get_filename(), content
