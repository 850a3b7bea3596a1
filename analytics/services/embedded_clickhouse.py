"""ClickHouse from the `chdb-core` wheel, serving its native protocol from a child process.

This is chdb's only undocumented use here. The engine reads `clickhouse-local.xml` from the folder that it runs in, and
`SYSTEM START LISTEN TCP` opens the port that stands there; the query after it never ends, and so keeps the server up.
"""

import secrets
import socket
import sys
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

CONFIG = """<clickhouse>
  <tcp_port>{port}</tcp_port>
  <listen_host>127.0.0.1</listen_host>
  <user_directories><users_xml><path>{folder}/users.xml</path></users_xml></user_directories>
  <mark_cache_size>134217728</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <index_mark_cache_size>33554432</index_mark_cache_size>
  <mmap_cache_size>100</mmap_cache_size>
  <compiled_expression_cache_size>16777216</compiled_expression_cache_size>
  <max_server_memory_usage_to_ram_ratio>0.5</max_server_memory_usage_to_ram_ratio>
  <background_pool_size>2</background_pool_size>
  <background_merges_mutations_concurrency_ratio>2</background_merges_mutations_concurrency_ratio>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <background_common_pool_size>2</background_common_pool_size>
  <background_fetches_pool_size>1</background_fetches_pool_size>
  <background_move_pool_size>1</background_move_pool_size>
  <background_message_broker_schedule_pool_size>1</background_message_broker_schedule_pool_size>
  <background_distributed_schedule_pool_size>2</background_distributed_schedule_pool_size>
  <asynchronous_metrics_update_period_s>60</asynchronous_metrics_update_period_s>
  <merge_tree>
    <fsync_after_insert>1</fsync_after_insert>
    <fsync_part_directory>1</fsync_part_directory>
    <merge_selecting_sleep_ms>5000</merge_selecting_sleep_ms>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>2</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_mutation>2</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>2</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
</clickhouse>
"""

# `default` runs the server's own two statements and may do nothing else. Footfall's user has a random password.
USERS = """<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
      <grants><query>GRANT SYSTEM LISTEN ON *.*</query><query>GRANT SELECT ON system.numbers</query></grants>
    </default>
    <footfall>
      <password>{password}</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
      <quota>default</quota>
      <grants><query>GRANT ALL ON *.*</query></grants>
    </footfall>
  </users>
</clickhouse>
"""

SERVE = (
    "SYSTEM START LISTEN TCP; SELECT sleepEachRow(1) FROM system.numbers FORMAT Null "
    "SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def kept_password(folder: Path) -> str:
    path = folder / "password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(24))
    return path.read_text()


def prepare(folder: Path) -> str:
    """Write the server's configuration for a free port and return the URL of the server to come."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    password, port = kept_password(folder), free_port()
    (folder / "users.xml").write_text(USERS.format(password=password))
    (folder / "users.xml").chmod(0o600)
    (folder / "clickhouse-local.xml").write_text(CONFIG.format(port=port, folder=escape(str(folder))))
    url = f"clickhouse://footfall:{password}@127.0.0.1:{port}/"
    (folder / "url").touch(mode=0o600)
    (folder / "url").write_text(url)
    return url


def command() -> list[str]:
    """Run it in the prepared folder."""
    return [sys.executable, "-m", "analytics.services.embedded_clickhouse"]


def serve() -> None:
    from chdb import _chdb

    engine: Any = _chdb
    engine.query(SERVE, "CSV", path=str(Path.cwd() / "store"))


if __name__ == "__main__":
    serve()
