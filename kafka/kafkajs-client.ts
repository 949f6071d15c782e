import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Broker, type Cluster, Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { ReelstreamError } from '../core/errors.ts';
import { type Logger, silentLogger } from '../core/logger.ts';
import { FETCH_API_VERSION, type FetchAnswer, readFetchResponse } from './fetch-response.ts';
import {
  PRODUCE_API_KEY,
  PRODUCE_API_VERSION,
  type ProduceAnswers,
  readProduceResponse,
} from './produce-request.ts';

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

/** How to reach Kafka; the same for every driver of this folder. */
export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls?: boolean;
  /** PEM text of the authorities that may have signed the brokers' certificates; default those that Node comes with */
  readonly tlsAuthorities?: string;
  readonly sasl?: { readonly mechanism: SaslMechanism; readonly username: string; readonly password: string };
}

/** Shorter than any session or rebalance time-out, so that a dead connection is noticed in time. */
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 3_000;

/** @param onSocket for whoever must be able to end a connection that the library would wait for */
export function createKafka(
  connection: KafkaConnection,
  logger: Logger = silentLogger,
  onSocket: (socket: Socket) => void = () => {},
): Kafka {
  const { brokers, clientId, tls = false, tlsAuthorities, sasl } = connection;
  return new Kafka({
    brokers: [...brokers],
    clientId,
    ssl: tls && tlsAuthorities !== undefined ? { ca: tlsAuthorities } : tls,
    ...(sasl ? { sasl: sasl as NonNullable<KafkaConfig['sasl']> } : {}),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    socketFactory: (asked) => {
      const socket = openSocket(asked);
      onSocket(socket);
      return socket;
    },
    // Enough to get over a change of leader; longer outages are the caller's, who knows what may wait
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    logLevel: logLevel.INFO,
    // Whatever is wrong also comes back as an error, and is logged once by whoever decides about it
    logCreator:
      () =>
      ({ namespace, log }) =>
        logger.debug({ library: `kafkajs/${namespace}`, error: log.error }, log.message),
  });
}

/** The library adds a listener per try while a broker is away; Node takes eleven of them for a leak and warns. */
const MAX_SOCKET_LISTENERS = 100;

type SocketAsked = Parameters<NonNullable<KafkaConfig['socketFactory']>>[0];

function openSocket({ host, port, ssl, onConnect }: SocketAsked): Socket {
  // a hosted cluster may tell its customers apart by the name they ask for; an address is not allowed there
  const asked = isIP(host) === 0 ? { servername: host } : {};
  const socket = ssl
    ? connectTls({ host, port, ...asked, ...ssl }, onConnect)
    : connectPlain({ host, port }, onConnect);
  socket.setKeepAlive(true, 60_000);
  socket.setMaxListeners(MAX_SOCKET_LISTENERS);
  return socket;
}

/**
 * Brokers of one cluster, by the library's connections, versions and authentication, without its consumer.
 * The library's published types leave out the requests of group members; names and shapes are those of version 2.2.4,
 * which is pinned, and the contract tests of this folder call every one of them.
 */
export interface KafkaCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  /** refreshes when older than the maximum age given to `openCluster` */
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): { readonly partitionId: number; readonly leader: number }[];
  findBroker(node: { nodeId: string }): Promise<Broker>;
  fetchTopicsOffset(
    topics: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
  findGroupCoordinator(group: { groupId: string }): Promise<Coordinator>;
}

export interface GroupJoin {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly groupProtocol: string;
  readonly members: { memberId: string; memberMetadata: Buffer }[];
}

/** The broker that leads a consumer group. Each call rejects with an error whose `type` is the protocol's. */
export interface Coordinator {
  joinGroup(request: {
    groupId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    memberId: string;
    groupProtocols: { name: string; metadata: Buffer }[];
  }): Promise<GroupJoin>;
  syncGroup(request: {
    groupId: string;
    generationId: number;
    memberId: string;
    groupAssignment: { memberId: string; memberAssignment: Buffer }[];
  }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  offsetFetch(request: {
    groupId: string;
    topics: { topic: string; partitions: { partition: number }[] }[];
  }): Promise<{ responses: { topic: string; partitions: { partition: number; offset: string }[] }[] }>;
  offsetCommit(request: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
  }): Promise<unknown>;
}

/** The library hands its cluster to partition assigners, and only to them: that is the public way to it. */
export function openCluster(kafka: Kafka, metadataMaxAgeMs = 300_000): KafkaCluster {
  let cluster: Cluster | undefined;
  kafka.consumer({
    groupId: 'none: never joined',
    allowAutoTopicCreation: false,
    metadataMaxAge: metadataMaxAgeMs,
    // for bounds; each fetch says itself what it wants to see
    readUncommitted: true,
    partitionAssigners: [
      (config) => {
        cluster = config.cluster;
        return {
          name: 'none',
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: '', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  if (!cluster) throw new ReelstreamError('unknown', 'kafkajs built no cluster for its assigner');
  return cluster as unknown as KafkaCluster;
}

export interface FetchRequest {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly position: number }[];
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  readonly readCommitted: boolean;
}

interface Outgoing {
  readonly request: { readonly apiVersion: number };
}
interface ConnectionPool {
  send(outgoing: Outgoing): Promise<unknown>;
}

/**
 * Fetches from one broker and leaves the records as bytes. The library's own reading of them costs ten times as much
 * (2 us instead of 0.2 us per record), drops the offsets of emptied batches, and overflows the stack on large ones.
 * So this sends the library's request over the library's connection and only replaces how the answer is read.
 */
export async function fetchFrom(
  cluster: KafkaCluster,
  nodeId: number,
  fetch: FetchRequest,
): Promise<FetchAnswer> {
  const broker = await cluster.findBroker({ nodeId: String(nodeId) });
  const { connectionPool } = broker as unknown as { readonly connectionPool: ConnectionPool };
  const unread = Object.create(connectionPool, {
    send: {
      value: (outgoing: Outgoing) => {
        const { apiVersion } = outgoing.request;
        if (apiVersion !== FETCH_API_VERSION) {
          throw new ReelstreamError(
            'kafka',
            `broker speaks Fetch version ${apiVersion}; Kafka 2.3 or newer is needed`,
          );
        }
        return connectionPool.send({
          ...outgoing,
          response: { decode: readUnparsed, parse: unchanged },
        } as Outgoing);
      },
    },
  }) as ConnectionPool;
  const view = Object.create(broker, { connectionPool: { value: unread } }) as Broker;
  const answer: unknown = await view.fetch({
    isolationLevel: fetch.readCommitted ? 1 : 0,
    maxWaitTime: fetch.maxWaitMs,
    minBytes: 1,
    maxBytes: fetch.maxBytes,
    topics: [
      {
        topic: fetch.topic,
        partitions: fetch.partitions.map(({ partition, position }) => ({
          partition,
          fetchOffset: String(position),
          maxBytes: fetch.maxBytesPerPartition,
        })),
      },
    ],
  });
  return answer as FetchAnswer;
}

/** The library waits itself when the broker asks it to; it reads that from this field. */
async function readUnparsed(
  bytes: Buffer,
): Promise<FetchAnswer & { readonly clientSideThrottleTime: number }> {
  const answer = readFetchResponse(bytes);
  return { ...answer, clientSideThrottleTime: answer.throttleMs };
}

const unchanged = async <T>(answer: T): Promise<T> => answer;

/** The library's requests are writers of bytes; this one has written them already. */
const encoded = (bytes: Buffer) => ({ buf: bytes, buffer: bytes });

/**
 * Sends batches, made elsewhere, to one broker: the library would build each record as an object, at ten times the cost.
 * @param body of `writeProduceRequest`
 */
export async function produceTo(
  cluster: KafkaCluster,
  nodeId: number,
  body: Buffer,
): Promise<ProduceAnswers> {
  const { connectionPool } = (await cluster.findBroker({ nodeId: String(nodeId) })) as unknown as {
    readonly connectionPool: { send(outgoing: unknown): Promise<ProduceAnswers> };
  };
  return connectionPool.send({
    request: {
      apiKey: PRODUCE_API_KEY,
      apiVersion: PRODUCE_API_VERSION,
      apiName: 'Produce',
      encode: async () => encoded(body),
    },
    response: {
      decode: async (bytes: Buffer) => {
        const answers = readProduceResponse(bytes);
        return { ...answers, clientSideThrottleTime: answers.throttleMs };
      },
      parse: unchanged,
    },
  });
}

/** Asks a broker for an id under which batches are told apart from those of everybody else, and from themselves. */
export async function askForIdentity(
  cluster: KafkaCluster,
  nodeId: number,
): Promise<{ readonly producerId: bigint; readonly producerEpoch: number }> {
  const broker = (await cluster.findBroker({ nodeId: String(nodeId) })) as unknown as {
    initProducerId(request: { transactionTimeout: number }): Promise<{
      readonly producerId: string;
      readonly producerEpoch: number;
    }>;
  };
  const { producerId, producerEpoch } = await broker.initProducerId({
    transactionTimeout: REQUEST_TIMEOUT_MS,
  });
  return { producerId: BigInt(producerId), producerEpoch };
}
