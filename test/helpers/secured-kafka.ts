import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { javaArguments } from '../../embedded/java.ts';
import { createKafkaSpec } from '../../embedded/kafka.ts';
import { findFreePorts } from '../../embedded/supervisor/ports.ts';
import { JAVA_FOLDER, runSpec, type TestKafka } from './stack.ts';

export interface SecuredKafka extends TestKafka {
  /** `host:port` that takes TLS with a login and nothing else; the other one is for the registry alone */
  readonly secured: string;
  /** PEM of what signed the broker's certificate, which names localhost and no address */
  readonly authorityFile: string;
  readonly username: string;
  readonly password: string;
}

const USERNAME = 'load-tester';
/** With characters that mean something in Kafka's and Java's own files. */
const PASSWORD = 'Pa:ss/word+1';
const STORE_PASSWORD = 'changeit';
const CLUSTER_ID = 'c2VjdXJlZC1jbHVzdGVyLQ';
const HEAP_MB = 256;
/** A Java process of a second never earns its second compiler. */
const SHORT_LIVED = ['-XX:TieredStopAtLevel=1'];

/** A real broker with a SASL_SSL listener: PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512, keys made by Java's keytool. About 6 s. */
export async function startSecuredKafka(): Promise<SecuredKafka> {
  const folder = mkdtempSync(join(tmpdir(), 'reelstream-secured-'));
  const [port, controllerPort, securedPort] = (await findFreePorts(3)) as [number, number, number];
  const dataFolder = join(folder, 'data');
  const configFolder = join(folder, 'config');
  const jarFolder = join(JAVA_FOLDER, 'kafka');
  const keys = makeKeys(folder);
  const ports = { port, controllerPort };
  const spec = createKafkaSpec({
    ...ports,
    jarFolder,
    javaCommand: 'java',
    dataFolder,
    configFolder,
    maxHeapMb: HEAP_MB,
  });
  const more = securedProperties(ports, securedPort, keys.storeFile);
  const files = spec.files.map(({ path, content }) => ({
    path,
    content: path.endsWith('.properties') ? `${content}${more}` : content,
  }));
  const prepare = async () => {
    mkdirSync(dataFolder, { recursive: true });
    formatStorage(jarFolder, join(configFolder, 'kafka.properties'));
  };
  const broker = await runSpec({ ...spec, files, prepare }, folder);
  return Object.assign(broker, {
    brokers: `127.0.0.1:${port}`,
    secured: `localhost:${securedPort}`,
    authorityFile: keys.authorityFile,
    username: USERNAME,
    password: PASSWORD,
  });
}

/** The last of two lines with the same name counts. */
function securedProperties(
  { port, controllerPort }: { readonly port: number; readonly controllerPort: number },
  securedPort: number,
  storeFile: string,
): string {
  const login = 'org.apache.kafka.common.security';
  const scram = `${login}.scram.ScramLoginModule required;`;
  const listener = 'listener.name.secured';
  const properties = {
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort},SECURED://127.0.0.1:${securedPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},SECURED://localhost:${securedPort}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL',
    'inter.broker.listener.name': 'PLAINTEXT',
    [`${listener}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    [`${listener}.plain.sasl.jaas.config`]: `${login}.plain.PlainLoginModule required user_${USERNAME}="${PASSWORD}";`,
    [`${listener}.scram-sha-256.sasl.jaas.config`]: scram,
    [`${listener}.scram-sha-512.sasl.jaas.config`]: scram,
    [`${listener}.ssl.keystore.type`]: 'PKCS12',
    [`${listener}.ssl.keystore.location`]: storeFile,
    [`${listener}.ssl.keystore.password`]: STORE_PASSWORD,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function formatStorage(jarFolder: string, configFile: string): void {
  const users = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${USERNAME},password=${PASSWORD}]`,
  ]);
  execFileSync(
    'java',
    [
      ...javaArguments(HEAP_MB),
      ...[
        '-cp',
        join(jarFolder, '*'),
        'kafka.tools.StorageTool',
        'format',
        '-t',
        CLUSTER_ID,
        '-c',
        configFile,
      ],
      ...users,
    ],
    { timeout: 60_000, stdio: 'pipe' },
  );
}

/** A certificate that is its own authority: two runs of keytool instead of four. */
function makeKeys(folder: string): { readonly storeFile: string; readonly authorityFile: string } {
  const storeFile = join(folder, 'keys.p12');
  const authorityFile = join(folder, 'authority.pem');
  const keytool = (...args: string[]) =>
    execFileSync('keytool', [...SHORT_LIVED.map((option) => `-J${option}`), ...args, ...storeOptions], {
      timeout: 30_000,
      stdio: 'pipe',
    });
  const storeOptions = ['-alias', 'broker', '-keystore', storeFile, '-storepass', STORE_PASSWORD];
  const names = ['-dname', 'CN=broker', '-ext', 'san=dns:localhost'];
  keytool('-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '2', ...names);
  keytool('-exportcert', '-rfc', '-file', authorityFile);
  return { storeFile, authorityFile };
}
