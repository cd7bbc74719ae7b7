"""How each engine is started, and what it is called."""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .report import adlake_version

SCRIPTS = Path(__file__).resolve().parents[1]
ADLAKE = "adlake"
PEERS = ["duckdb", "polars", "pyspark"]
ALL = [ADLAKE, *PEERS]


@dataclass(frozen=True)
class Options:
    threads: int
    compression: str
    # Memory of the Java process that PySpark starts, such as 6g. The others take what they need.
    spark_memory: str


def adlake_binary() -> str:
    """The binary under test; `cargo x bench` names it."""
    binary = os.environ.get("ADLAKE_BIN", "")
    if not Path(binary).is_file():
        raise SystemExit("ADLAKE_BIN names no binary: run this as `cargo x bench NAME`, or set ADLAKE_BIN")
    return binary


def generate(folder: Path, requests: int, *further: str, seed: int = 1) -> None:
    """Writes synthetic logs, the same bytes each time."""
    command = [adlake_binary(), "generate", "adtech", "--out", str(folder), "--seed", str(seed)]
    size = ["--requests", str(requests), "--users", str(max(1, requests // 10))]
    subprocess.run([*command, *size, *further], check=True, stdout=subprocess.DEVNULL)


def missing(engine: str) -> str | None:
    """Why an engine cannot take part."""
    if engine == ADLAKE:
        if not Path(os.environ.get("ADLAKE_BIN", "")).is_file():
            return "ADLAKE_BIN names no binary; run `cargo x bench pipeline`"
        if not importlib.util.find_spec("deltalake"):
            return "the Python package deltalake, which checks its tables, is not installed"
        return None
    if not importlib.util.find_spec(engine):
        return f"the Python package {engine} is not installed; run `cargo x services --bench`"
    if engine == "pyspark" and not shutil.which("java"):
        return "there is no Java runtime, which Spark needs (17 or newer)"
    return None


def version(engine: str) -> str:
    if engine == ADLAKE:
        return adlake_version(adlake_binary())
    found = f"{engine} {importlib.metadata.version(engine)}"
    if engine == "pyspark":
        java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr
        # openjdk version "17.0.15" 2025-04-15
        found += f" on Java {java.partition(chr(34))[2].partition(chr(34))[0]}"
    return found


def command(engine: str, source: Path, output: Path, options: Options) -> tuple[list[str], dict[str, str]]:
    """The command, and what it needs in its environment."""
    if engine == ADLAKE:
        layers = [flag for layer in ("bronze", "silver", "gold") for flag in ("--layer", layer)]
        run = [adlake_binary(), "run", "--lake", str(output), "--source", str(source), *layers]
        codec = {"zstd": "zstd(1)", "snappy": "snappy"}[options.compression]
        return [*run, "--threads", str(options.threads)], {"ADLAKE__WRITE__COMPRESSION": codec}
    script = [sys.executable, str(SCRIPTS / f"pipeline_{engine}.py"), str(source), str(output)]
    script += ["--compression", options.compression]
    if engine == "polars":
        return script, {"POLARS_MAX_THREADS": str(options.threads)}
    script += ["--threads", str(options.threads)]
    if engine == "pyspark":
        script += ["--memory", options.spark_memory]
    return script, {}
