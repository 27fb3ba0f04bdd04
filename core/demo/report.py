"""Where everything is and who can sign in, for the terminal and for programs."""

from typing import Any

from core.embedded.home import Home, read_json

PATHS = {
    "admin": "/admin/",
    "api": "/api/v1/",
    "api_docs": "/api/v1/docs",
    "api_schema": "/api/v1/schema",
    "graphiql": "/graphql",
}


def document(home: Home, port: int) -> dict[str, Any]:
    """Return what demo.json holds."""
    credentials = read_json(home.path / "demo_credentials.json")
    base = f"http://127.0.0.1:{port}"
    return {
        "urls": {"base": base} | {name: base + path for name, path in PATHS.items()},
        "sign_ins": credentials.get("sign_ins", []),
        "api_keys": credentials.get("api_keys", {}),
        "report": read_json(home.path / "demo_report.json"),
    }


def text(home: Home, port: int) -> str:
    """Return the same for a person."""
    known = document(home, port)
    lines = ["", "  Addresses"]
    lines += [f"    {name.replace('_', ' '):<12} {url}" for name, url in known["urls"].items() if name != "base"]
    if known["sign_ins"]:
        lines += ["", "  Sign-ins"]
        lines += [f"    {one['role']:<16} {one['email']:<36} {one['password']}" for one in known["sign_ins"]]
    lines += ["", f"  The same, with API keys, is in {home.path / 'demo.json'}", ""]
    return "\n".join(lines)
