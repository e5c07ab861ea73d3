"""Settings: typed, frozen, read once; a wrong one is named and stops the start.

``SETTINGS`` is the table that README repeats; a test holds the two together.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SETTINGS: Mapping[str, str] = {
    "HOST": "Address to listen on; 127.0.0.1 by default, 0.0.0.0 for the local network",
    "PORT": "Port to listen on; 8000 by default",
    "DATA_DIR": "Folder for the database, the secret key and pages to print; instance/ by default",
    "DATABASE_URL": "SQLite in DATA_DIR by default; or postgresql://user:password@host/name",
    "MIGRATION_DATABASE_URL": "Owner's connection for migrations; DATABASE_URL by default",
    "SECRET_KEY": "At least 32 characters; made and kept in DATA_DIR/secret-key when absent",
    "PUBLIC_URL": "What goes into codes, e.g. https://love.example.cn; the LAN address by default",
    "RATELIMIT_STORAGE_URI": "redis://… when there are several machines; memory:// by default",
    "WEB_WORKERS": "Web worker processes; 2 by default",
    "WEB_THREADS": "Threads in each worker; 8 by default",
}


class ConfigError(Exception):
    """A setting is missing or wrong; the message names the variable."""


@dataclass(frozen=True)
class Config:
    host: str
    port: int
    data_dir: Path
    database_url: str
    migration_database_url: str
    secret_key: str
    public_url: str
    ratelimit_storage_uri: str = "memory://"
    testing: bool = False

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def sqlite_path(self) -> Path | None:
        """File of an SQLite database, None for PostgreSQL."""
        prefix = "sqlite:///"
        return (
            Path(self.database_url[len(prefix) :]) if self.database_url.startswith(prefix) else None
        )


def load_config(environ: Mapping[str, str] = os.environ) -> Config:
    """Read the settings. Raises ConfigError, which names the variable that is wrong."""
    data_dir = Path(environ.get("DATA_DIR") or "instance").resolve()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"DATA_DIR: cannot make {data_dir}: {error.strerror}") from error
    host = environ.get("HOST") or "127.0.0.1"
    port = _port(environ.get("PORT") or "8000")
    url = _database_url(
        "DATABASE_URL", environ.get("DATABASE_URL") or f"sqlite:///{data_dir / 'volunteer.db'}"
    )
    migration_url = environ.get("MIGRATION_DATABASE_URL")
    return Config(
        host=host,
        port=port,
        data_dir=data_dir,
        database_url=url,
        migration_database_url=_database_url("MIGRATION_DATABASE_URL", migration_url)
        if migration_url
        else url,
        secret_key=_secret_key(environ.get("SECRET_KEY"), data_dir),
        public_url=_public_url(environ.get("PUBLIC_URL"), host, port),
        ratelimit_storage_uri=environ.get("RATELIMIT_STORAGE_URI") or "memory://",
    )


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise ConfigError(f"PORT: a number from 1 to 65535, not {text!r}")


def _database_url(name: str, url: str) -> str:
    if url.startswith("sqlite:///"):
        return url
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    raise ConfigError(f"{name}: sqlite:///path or postgresql://user:password@host/name")


def _secret_key(given: str | None, data_dir: Path) -> str:
    if given:
        if len(given) < 32:
            raise ConfigError("SECRET_KEY: at least 32 characters")
        return given
    path = data_dir / "secret-key"
    try:
        # O_EXCL: of two processes that start together one makes the key and the other reads it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_text().strip()
        if len(key) < 32:
            raise ConfigError(
                f"SECRET_KEY: {path} is empty or cut short; put it back from a backup"
            ) from None
        return key
    with os.fdopen(handle, "w") as file:
        key = secrets.token_urlsafe(48)
        file.write(key + "\n")
    return key


def _public_url(given: str | None, host: str, port: int) -> str:
    if given:
        if not given.startswith(("http://", "https://")) or any(c.isspace() for c in given):
            raise ConfigError("PUBLIC_URL: http://… or https://…")
        return given.rstrip("/")
    return f"http://{_lan_address(host)}:{port}"


def _lan_address(host: str) -> str:
    """The address a phone in the same network would use; the host itself when it is loopback."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return f"[{host}]" if address.version == 6 else host
    # Connecting a datagram socket sends nothing; it asks the kernel which address it would use.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
