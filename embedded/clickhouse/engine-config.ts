export interface EngineConfigOptions {
  /** whole process; over it a statement fails with 241 and the engine goes on. The engine's own default is 0.9 of the machine. */
  readonly memoryLimitBytes: number;
}

/** Server settings of the engine. Merges get two threads: more only steal from queries on a small machine. */
export function engineConfig({ memoryLimitBytes }: EngineConfigOptions): string {
  const cacheBytes = Math.round(Math.min(268_435_456, memoryLimitBytes / 5));
  return `<clickhouse>
  <max_server_memory_usage>${memoryLimitBytes}</max_server_memory_usage>
  <mark_cache_size>${cacheBytes}</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <background_pool_size>2</background_pool_size>
</clickhouse>
`;
}
