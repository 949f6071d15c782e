import type { KafkaAdmin } from '../kafka/admin.ts';

/** The log as seen beside the group, to compare it with the tables before anything is written. */
export type LogProbe = Pick<KafkaAdmin, 'clusterId' | 'partitionCount' | 'bounds' | 'recordAt'>;
