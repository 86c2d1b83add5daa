"""The machine and the versions that figures belong to."""

import os
import platform
from collections.abc import Iterable
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench import THREADS


def machine(packages: Iterable[str]) -> dict[str, str]:
    """In words; the packages as far as they are installed."""
    versions = ((package, version_of(package)) for package in packages)
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "threads": f"at most {THREADS} threads each",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{package} {found}" for package, found in versions if found),
        "date": date.today().isoformat(),
    }


def version_of(package: str) -> str:
    """Empty where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
