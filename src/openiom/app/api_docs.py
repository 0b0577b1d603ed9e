"""`/api/docs`: the OpenAPI document as a page, with assets that this server serves itself."""

from importlib.resources import files

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.exceptions import HTTPException

DOCS = "/api/docs"
OPENAPI = "/api/openapi.json"
ASSETS = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
"""Files of Swagger UI, from the package that distributes them, and their media types."""
CACHED = {"cache-control": "public, max-age=86400"}
PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>OpenIOM API</title>
<link rel="stylesheet" href="{DOCS}/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="{DOCS}/swagger-ui-bundle.js"></script><script src="{DOCS}/start.js"></script>
</body></html>"""
# A file of its own: the content security policy allows no scripts within a page.
START = f"SwaggerUIBundle({{ url: '{OPENAPI}', dom_id: '#swagger-ui', deepLinking: true }});"


def serve_api_docs(app: FastAPI) -> None:
    """Serve the page and its assets."""
    folder = files("fastapi_offline") / "static"

    @app.get(DOCS, include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(PAGE)

    @app.get(f"{DOCS}/start.js", include_in_schema=False)
    async def start() -> Response:
        return Response(START, media_type="text/javascript", headers=CACHED)

    @app.get(DOCS + "/{name}", include_in_schema=False)
    def asset(name: str) -> FileResponse:
        if name not in ASSETS:
            raise HTTPException(404, f"no file {name}")
        return FileResponse(str(folder / name), media_type=ASSETS[name], headers=CACHED)
