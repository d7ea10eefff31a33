"""Optimise shards in a process of their own.

The engine holds the interpreter's lock while it builds graphs; in another process nobody waits
for it. That process ends with this one.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import qdrant_edge as edge

from ragsight.errors import StoreError
from ragsight.processes import python_command, run_program

if TYPE_CHECKING:
    from ragsight.spaces import Collection
    from ragsight.store.schema import IndexKind

INDEX_TYPES: Mapping[IndexKind, edge.PayloadSchemaType] = {
    "keyword": edge.PayloadSchemaType.Keyword,
    "integer": edge.PayloadSchemaType.Integer,
    "float": edge.PayloadSchemaType.Float,
    "datetime": edge.PayloadSchemaType.Datetime,
}


def run_optimizer(folder: Path, keys: Mapping[Collection, Mapping[str, IndexKind]]) -> None:
    """Index keys of the payload and build graphs, in a process of their own.

    Args:
        folder: The index's folder; its shards must be closed.
        keys: By shard, keys of the payload and their kinds.

    Raises:
        StoreError: If the process can't be started, or fails.
    """
    order = {str((folder / shard).absolute()): dict(kinds) for shard, kinds in keys.items()}
    try:
        with tempfile.TemporaryDirectory(prefix="ragsight-optimise-") as name:
            log, task = Path(name, "log.txt"), Path(name, "task.json")
            task.write_text(json.dumps(order), encoding="utf-8")
            done = run_program(python_command(__name__, str(task)), log=log)
    except OSError as error:
        raise StoreError(
            f"{folder}: no process to optimise in can be started ({error})."
        ) from error
    if done.code:
        last = done.output.strip().rpartition("\n")[2]
        raise StoreError(
            f"{folder}: optimising stopped with code {done.code} ({last}). "
            "The points are all there; free disk space or memory and try again."
        )


def _optimize(path: str, keys: Mapping[str, IndexKind]) -> None:
    shard = edge.EdgeShard.load(path)
    known = shard.info().payload_schema
    for key, kind in keys.items():
        if key in known:
            shard.update(edge.UpdateOperation.delete_field_index(key))
        shard.update(edge.UpdateOperation.create_field_index(key, INDEX_TYPES[kind]))
    shard.optimize()
    shard.flush()
    shard.close()


if __name__ == "__main__":
    for shard_path, shard_keys in json.loads(Path(sys.argv[1]).read_text("utf-8")).items():
        _optimize(shard_path, shard_keys)
