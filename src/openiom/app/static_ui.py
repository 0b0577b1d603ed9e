"""The built user interface: files by name, and its one page for every other address."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

OURS = ("/api/", "/hooks/", "/health", "/ready", "/metrics")
NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>OpenIOM</title><style>
body{font:16px/1.5 system-ui;max-width:40rem;margin:15vh auto;padding:0 1rem}
code{background:#8882;padding:.1em .4em}
</style><h1>OpenIOM runs</h1>
<p>The user interface has not been built yet: run <code>make install</code> in the project, then reload this page.</p>
<p>The API is here already: <a href="/api/docs">/api/docs</a>.</p>"""


def serve_ui(app: FastAPI, built: Path | None) -> None:
    """Serve the files in `built`; a page that says what to do when there are none."""
    root = built.resolve() if built else None

    @app.get("/{path:path}", include_in_schema=False)
    def page(request: Request, path: str) -> Response:
        if request.url.path.startswith(OURS):
            raise HTTPException(404, f"nothing at {request.url.path}")
        if root is None:
            return HTMLResponse(NOT_BUILT, status_code=503 if path else 200)
        file = (root / path).resolve()
        if path and file.is_file() and file.is_relative_to(root):
            forever = (
                "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
            )
            return FileResponse(file, headers={"cache-control": forever})
        if "." in path.rsplit("/", 1)[-1]:
            raise HTTPException(404, f"no file {path}")
        return FileResponse(root / "index.html", headers={"cache-control": "no-cache"})
