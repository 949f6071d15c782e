import { join } from 'node:path';
import type { ConfigFile } from './supervisor/process-spec.ts';

/** Options of every Java process here: small heap, one collector thread, IPv4 sockets, a crash instead of a half-dead process. */
export function javaArguments(maxHeapMb: number): string[] {
  return [
    `-Xmx${maxHeapMb}m`,
    // On two cores and a small heap the concurrent collectors cost more memory and time than they save
    '-XX:+UseSerialGC',
    '-XX:+ExitOnOutOfMemoryError',
    '-XX:-UsePerfData',
    '-Djava.awt.headless=true',
    // Otherwise sockets are opened as IPv6 ones that carry an IPv4 address
    '-Djava.net.preferIPv4Stack=true',
  ];
}

/** A log4j configuration for standard output, which is the caller's log file, and the option that names it. */
export function javaLogging(folder: string, name: string): { file: ConfigFile; argument: string } {
  const path = join(folder, `${name}-log4j2.xml`);
  return { file: { path, content: LOG4J_CONFIGURATION }, argument: `-Dlog4j2.configurationFile=${path}` };
}

const LOG4J_CONFIGURATION = `<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="WARN">
  <Appenders>
    <Console name="stdout" target="SYSTEM_OUT">
      <PatternLayout pattern="%d{ISO8601} %-5p %c{1}: %m%n"/>
    </Console>
  </Appenders>
  <Loggers>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
    <Root level="WARN"><AppenderRef ref="stdout"/></Root>
  </Loggers>
</Configuration>
`;
