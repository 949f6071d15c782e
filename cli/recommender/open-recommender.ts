import { join } from 'node:path';
import type { EventGateway, FilmCatalogue, LiveModel, UserDirectory } from '../../api/ports.ts';
import type { Learner } from '../../consumers/learner/learner.ts';
import type { LearnerOptions } from '../../consumers/learner/learner-context.ts';
import { openLearner } from '../../consumers/learner/open-learner.ts';
import { createProfileReader, type ProfileReader } from '../../consumers/learner/profiles.ts';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { takeFileLock } from '../../embedded/supervisor/file-lock.ts';
import { ownIdentity } from '../../embedded/supervisor/process-identity.ts';
import { createLoneReader } from '../../kafka/lone-reader.ts';
import { ratingsTopic, usersTopic } from '../../kafka/topics.ts';
import type { Settings } from '../../runtime/settings.ts';
import { RATING_EVENT, USER_PROFILE } from '../../schemas/contracts.ts';
import { createRatingDecoder } from '../../schemas/rating-codec.ts';
import type { Registry } from '../../schemas/registry.ts';
import { createUserProfileDecoder } from '../../schemas/user-profile-codec.ts';
import type { Frame, FramedService } from '../service-frame.ts';
import { clickHouseFrom, kafkaAdminFrom, kafkaConnectionFrom, registryFrom } from '../wiring.ts';
import { openGateway } from './event-gateway.ts';
import { watchFilms } from './film-catalogue.ts';
import { modelOptionsFrom } from './model-options.ts';
import { type Slots, watchSlots } from './slots.ts';
import { recommenderFolder } from './state-place.ts';

export interface RecommenderChoices {
  readonly fromStart: boolean;
}

const CLIENT_ID = 'reelstream-recommender';
/** Answers between two slices must not wait longer: a hundred requests a second then wait 2 ms at most. */
const SLICE_MS = 2;
const CHECK_TIMEOUT_MS = 10_000;
const COMMIT_INTERVAL_MS = 5_000;
const MAX_PROFILES = 4_000_000;

export const groupOf = (settings: Settings): string =>
  `reelstream-recommender-${settings.REELSTREAM_RECOMMENDER_INSTANCE}`;

/** What the API asks, over the living parts. */
export interface RecommenderPorts {
  readonly model: LiveModel;
  readonly people: UserDirectory;
  readonly gateway: EventGateway;
  readonly films: FilmCatalogue;
}

export interface OpenedRecommender {
  readonly ports: RecommenderPorts;
  readonly service: FramedService;
}

/** Learner, profiles, the way in for writes, titles: all of them run. Whatever was opened is closed again when one fails. */
export async function openRecommender(
  choices: RecommenderChoices,
  settings: Settings,
  { logger, metrics }: Frame,
): Promise<OpenedRecommender> {
  const clock = systemClock;
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  const connection = kafkaConnectionFrom(settings, CLIENT_ID);
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const people = settings.REELSTREAM_USERS_TOPIC;
  const groupId = groupOf(settings);
  const folder = recommenderFolder(settings);
  try {
    closers.push(await lockFolder(folder));
    const admin = kafkaAdminFrom(settings, CLIENT_ID);
    closers.push(() => admin.close());
    const clickhouse = clickHouseFrom(settings);
    closers.push(() => clickhouse.close());
    await admin.checkTopics([ratingsTopic(topic, settings.REELSTREAM_RATINGS_PARTITIONS)]);
    await admin.ensureTopics([usersTopic(people)]);
    const registry = registryFrom(settings, metrics);
    await makeKnown(registry, logger);
    const schemaOf: Registry['schemaOf'] = (schemaId, signal) => registry.schemaOf(schemaId, signal);
    const slots = await watchSlots({
      clickhouse,
      clusterId: await admin.clusterId(),
      topic,
      pollIntervalMs: settings.REELSTREAM_CATALOG_POLL_INTERVAL_MS,
      clock,
      logger,
    });
    closers.push(() => slots.stop());

    const opened = await openLearner(
      {
        folder,
        model: modelOptionsFrom(settings),
        users: { firstUserId: settings.REELSTREAM_API_FIRST_USER_ID, maxProfiles: MAX_PROFILES },
        verdicts: { maxRecordBytes: settings.REELSTREAM_SINK_MAX_RECORD_BYTES },
        fromStart: choices.fromStart,
      },
      learnerOptions(settings),
      {
        reader: createLoneReader({ connection, topic, groupId, logger, metrics }),
        probe: admin,
        decoder: createRatingDecoder({ maxBytes: settings.REELSTREAM_SINK_MAX_RECORD_BYTES }),
        schemaOf,
        metrics,
        logger,
        clock,
      },
    );
    const { learner } = opened;
    const profiles = createProfileReader({
      topic: people,
      reader: createLoneReader({ connection, topic: people, groupId: `${groupId}-users`, logger }),
      probe: admin,
      decoder: createUserProfileDecoder(),
      schemaOf,
      people: opened.people,
      clock,
      logger,
    });
    const gateway = await openGateway({
      connection,
      ratingsTopic: topic,
      usersTopic: people,
      ratingSchemaId: () => registry.register(RATING_EVENT),
      profileSchemaId: () => registry.register(USER_PROFILE),
      timeoutMs: settings.REELSTREAM_RECOMMENDER_WRITE_TIMEOUT_MS,
      slotOf: slots.slotOf,
      profiles,
      clock,
      logger,
    });
    closers.push(() => gateway.close());
    const films = await watchFilms({
      clickhouse,
      pollIntervalMs: settings.REELSTREAM_CATALOG_POLL_INTERVAL_MS,
      clock,
      logger,
    });
    closers.push(() => films.stop());
    closers.push(() => learner.stop());
    await learner.start();
    closers.push(() => profiles.stop());
    await profiles.start();
    const model = liveModel(learner, profiles, slots);
    return {
      ports: { model, people: opened.people, gateway, films },
      service: framed(learner, profiles, model, close),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function framed(
  learner: Learner,
  profiles: ProfileReader,
  model: LiveModel,
  close: () => Promise<void>,
): FramedService {
  return {
    done: Promise.race([learner.done, profiles.done]),
    stop: close,
    alive: () => learner.isAlive(),
    notReady: () => [
      ...learner.notReady(),
      ...(profiles.hasCaughtUp() ? [] : ['reading what people told about themselves']),
    ],
    status: () => ({ ...learner.status(), eventTimeMs: model.asOf().eventTimeMs }),
  };
}

function liveModel(learner: Learner, profiles: ProfileReader, { slotOf, partitionOf }: Slots): LiveModel {
  const reader = learner.model;
  return {
    reader,
    asOf: () => ({
      modelVersion: reader.version(),
      eventTimeMs: reader.latestMs(),
      positions: new Map(
        [...learner.positions()].map(([partition, position]) => [slotOf(partition), position]),
      ),
    }),
    reached: ({ slot, offset }, timeoutMs) => learner.reached(partitionOf(slot), offset, timeoutMs),
    // without all profiles a user may seem unknown, and the next id may be somebody's
    readiness: () => (profiles.hasCaughtUp() ? learner.readiness() : 'no'),
  };
}

function learnerOptions(settings: Settings): LearnerOptions {
  return {
    topic: settings.REELSTREAM_RATINGS_TOPIC,
    group: groupOf(settings),
    allowedLatenessMs: settings.REELSTREAM_SINK_ALLOWED_LATENESS_MS,
    sliceMs: SLICE_MS,
    snapshotIntervalMs: settings.REELSTREAM_RECOMMENDER_SNAPSHOT_INTERVAL_MS,
    snapshotRecords: settings.REELSTREAM_RECOMMENDER_SNAPSHOT_EVENTS,
    keepSnapshots: settings.REELSTREAM_RECOMMENDER_KEEP_SNAPSHOTS,
    replayShare: settings.REELSTREAM_RECOMMENDER_REPLAY_CPU_PERCENT / 100,
    checkTimeoutMs: CHECK_TIMEOUT_MS,
    commitIntervalMs: COMMIT_INTERVAL_MS,
  };
}

/** Two processes over one folder would write one journal. @throws ReelstreamError `usage` while another one lives */
async function lockFolder(folder: string): Promise<() => void> {
  const lock = await takeFileLock(join(folder, 'lock'), ownIdentity(), { waitsFor: () => false });
  if ('release' in lock) return () => lock.release();
  throw new ReelstreamError(
    'usage',
    `process ${lock.pid} is this recommender already (${folder}): stop it, or choose another REELSTREAM_RECOMMENDER_INSTANCE`,
  );
}

/** What the registry says about a missing id only counts once it knows our subjects; an outage is no reason not to start. */
async function makeKnown(registry: Registry, logger: Logger): Promise<void> {
  try {
    await registry.register(RATING_EVENT);
    await registry.register(USER_PROFILE);
  } catch (thrown) {
    const { code, message } = toReelstreamError(thrown);
    logger.warn({ code, error: message }, 'schemas not registered; what needs the registry waits for it');
  }
}
