"""ClickHouse from the `chdb-core` wheel, serving its native protocol from a child process.

This is chdb's only undocumented use here. The engine reads `clickhouse-local.xml` from the folder that it runs in, and
`SYSTEM START LISTEN TCP` opens the port that stands there; the query after it never ends, and so keeps the server up.
"""

import os
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
  <access_control_improvements>
    <users_without_row_policies_can_read_rows>true</users_without_row_policies_can_read_rows>
    <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
    <select_from_information_schema_requires_grant>true</select_from_information_schema_requires_grant>
  </access_control_improvements>
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

# `default` runs the server's own two statements and may do nothing else. Footfall writes as `footfall` and reads as `reader`,
# each with a random password. The readers of single sites (site_readers.py) come after them; the engine in the wheel takes
# users from this file only, and only when it starts.
USERS = """<clickhouse>
  <profiles>
    <default/>
    <site_reader>
      <readonly>2</readonly><max_execution_time>60</max_execution_time><max_memory_usage>2000000000</max_memory_usage>
      <max_threads>2</max_threads>
    </site_reader>
  </profiles>
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
    <reader>
      <password>{reader}</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SELECT ON {database}*.*</query>
        <query>GRANT SELECT ON system.tables</query><query>GRANT SELECT ON system.columns</query>
      </grants>
    </reader>
{others}
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


def kept_password(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(24))
    return path.read_text()


def write_users(folder: Path) -> None:
    from django.conf import settings

    others = folder / "site_readers.xml"
    text = USERS.format(
        password=kept_password(folder / "password"),
        reader=kept_password(folder / "reader_password"),
        database=settings.CLICKHOUSE_DATABASE,
        others=others.read_text() if others.exists() else "",
    )
    path = folder / "users.xml"
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)


def write_url(path: Path, user: str, password: str, port: int) -> str:
    url = f"clickhouse://{user}:{password}@127.0.0.1:{port}/"
    path.touch(mode=0o600)
    path.write_text(url)
    return url


def prepare(folder: Path) -> str:
    """Write the server's configuration for a free port and return the URL of the server to come."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    port = free_port()
    write_users(folder)
    (folder / "clickhouse-local.xml").write_text(CONFIG.format(port=port, folder=escape(str(folder))))
    write_url(folder / "reader_url", "reader", kept_password(folder / "reader_password"), port)
    return write_url(folder / "url", "footfall", kept_password(folder / "password"), port)


def command() -> list[str]:
    """Run it in the prepared folder."""
    return [sys.executable, "-m", "analytics.services.embedded_clickhouse"]


def serve() -> None:
    from chdb import _chdb

    Path("pid").write_text(str(os.getpid()))
    engine: Any = _chdb
    engine.query(SERVE, "CSV", path=str(Path.cwd() / "store"))


if __name__ == "__main__":
    serve()
