"""The built user interface: its files by name, and its one page for every other path."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

CUSTOMER_PAGES = "track"
SERVER_PATHS = ("/api/", "/hooks/", "/health", "/ready", "/metrics")
NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>OpenIOM</title><style>
body{font:16px/1.5 system-ui;max-width:40rem;margin:15vh auto;padding:0 1rem}
code{background:#8882;padding:.1em .4em}
</style><h1>OpenIOM is running</h1>
<p>The user interface has not been built yet: run <code>make install</code> in the project, then
reload this page.</p>
<p>The API is available: <a href="/api/docs">/api/docs</a>.</p>"""


def serve_ui(app: FastAPI, built: Path | None) -> None:
    """Serve the files in `built`, or a page that says how to build them when it is None."""
    root = built.resolve() if built else None

    @app.get("/{path:path}", include_in_schema=False)
    def page(request: Request, path: str) -> Response:
        if request.url.path.startswith(SERVER_PATHS):
            raise HTTPException(404, f"nothing at {request.url.path}")
        if root is None:
            return HTMLResponse(NOT_BUILT, status_code=503 if path else 200)
        return _file_or_page(root, path)


def _file_or_page(root: Path, path: str) -> Response:
    """Return the file at `path`, or the application's page for a path without a file suffix."""
    file = (root / path).resolve()
    if path and file.is_relative_to(root) and _is_file(file):
        return FileResponse(file, headers={"cache-control": _cache_control(path)})
    return FileResponse(root / _page_of(path), headers={"cache-control": "no-cache"})


def _page_of(path: str) -> str:
    """Return the page of a path. A token in the path of a customer's page contains dots."""
    first, _, rest = path.partition("/")
    if first == CUSTOMER_PAGES:
        return "track.html"
    if "." in (rest or first).rsplit("/", 1)[-1]:
        raise HTTPException(404, f"no file {path}")
    return "index.html"


def _is_file(path: Path) -> bool:
    """Return whether a file exists; a name that the file system does not take is not one."""
    try:
        return path.is_file()
    except OSError:
        return False


def _cache_control(path: str) -> str:
    """Return how long a file may be cached; the names of assets change with their content."""
    if path.startswith("assets/"):
        return "public, max-age=31536000, immutable"
    return "no-cache"
