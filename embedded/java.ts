import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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

/** Writes a log4j configuration to standard output (the caller's log file) and returns the option that names it. */
export function javaLogging(folder: string, name: string): string[] {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}-log4j2.xml`);
  writeFileSync(file, LOG4J_CONFIGURATION);
  return [`-Dlog4j2.configurationFile=${file}`];
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
