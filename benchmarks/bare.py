"""`python -m benchmarks.bare FILE`: a bare Starlette application that answers with the bytes of FILE, to compare with.

FILE holds the JSON of headers, tag and body as the service sends them. uvicorn runs as it does for the service.
"""

import json
import sys
from base64 import b64decode
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.server import listen, serve


def application(said: dict[str, str], headers: dict[str, str]) -> Starlette:
    """Answers /feed with the body, or with 304 to whoever has it."""
    body, tag = b64decode(said["body"]), said["tag"]
    short = {name: value for name, value in headers.items() if not name.startswith("content-")}

    async def feed(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=short)
        return Response(body, headers=headers)

    return Starlette(routes=[Route("/feed", feed)])


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[1]).read_text(encoding="ascii"))
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    app = application(told, told["headers"])
    serve(app, listener, started=lambda: print(f"Serving http://127.0.0.1:{port}", flush=True))
