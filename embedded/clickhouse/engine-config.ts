export interface EngineConfigOptions {
  /** whole process; over it a statement fails with 241 and the engine goes on. The engine's own default is 0.9 of the machine. */
  readonly memoryLimitBytes: number;
  /** where `ENGINE_USERS` stands; absolute, the engine looks for it nowhere else */
  readonly usersFile: string;
}

/** Server settings of the engine. Merges get two threads: more only steal from queries on a small machine. */
export function engineConfig({ memoryLimitBytes, usersFile }: EngineConfigOptions): string {
  const cacheBytes = Math.round(Math.min(268_435_456, memoryLimitBytes / 5));
  return `<clickhouse>
  <max_server_memory_usage>${memoryLimitBytes}</max_server_memory_usage>
  <mark_cache_size>${cacheBytes}</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <background_pool_size>2</background_pool_size>
  <users_config>${escaped(usersFile)}</users_config>
</clickhouse>
`;
}

/**
 * The one user that every session of the engine is. It may do anything but open files of the machine: a server confines
 * `file()` to a folder, the embedded engine knows no such folder. SQL SECURITY NONE would run without these limits.
 * Rows in the format Values may hold expressions, SQL where nobody looks: they are read only where `insert.ts` says so.
 * All this holds wherever the engine runs something by itself too: views, dictionaries, loop-backs of `remote()`.
 */
export const ENGINE_USERS = `<clickhouse>
  <profiles>
    <default>
      <input_format_values_interpret_expressions>0</input_format_values_interpret_expressions>
      <input_format_values_deduce_templates_of_expressions>0</input_format_values_deduce_templates_of_expressions>
    </default>
  </profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password/>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT ALL ON *.*</query>
        <query>REVOKE FILE, SQLITE, JDBC, ODBC ON *.*</query>
        <query>REVOKE ALLOW SQL SECURITY NONE ON *.*</query>
      </grants>
    </default>
  </users>
</clickhouse>
`;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
