/** While `cause` fires, `quiets` is not told: one fault, one notification. */
export interface Inhibition {
  readonly cause: Matchers;
  readonly quiets: Matchers;
  /** labels that must be equal; missing on both sides counts as equal */
  readonly equal?: readonly string[];
}

/** Label -> the values it may have. */
export type Matchers = { readonly alertname: readonly string[] } & Readonly<
  Record<string, readonly string[]>
>;

const READER = ['topic', 'group'];
/** What a reader that does not read causes by itself. */
const OF_A_READER_THAT_STANDS = [
  'ConsumerLagNotDraining',
  'ConsumerPartitionStuck',
  'CanaryLate',
  'FreshnessBudgetFastBurn',
];
const OF_A_SLOW_SOURCE = ['GeneratorBelowTarget', 'TableRowCountDip'];

/** @param sinkGroup consumer group of the sink: ties its process to what is seen of the group from outside */
export function inhibitions(sinkGroup: string): Inhibition[] {
  const down = (...job: string[]) => ({ alertname: ['PipelineTargetDown'], job });
  const alerts = (...alertname: string[]) => ({ alertname });
  const reading = ['PipelineStalled', 'PipelineSinkStalled', ...OF_A_READER_THAT_STANDS];
  return [
    // The source is the cause, whatever its readers then do
    {
      cause: { ...alerts('PipelineThroughputDip'), stage: ['produced'] },
      quiets: { ...alerts('PipelineThroughputDip'), stage: ['consumed', 'settled'] },
      equal: ['topic'],
    },
    {
      cause: { ...alerts('PipelineThroughputDip'), stage: ['produced'] },
      quiets: alerts(...OF_A_SLOW_SOURCE),
    },
    { cause: down('producer'), quiets: alerts('PipelineThroughputDip', ...OF_A_SLOW_SOURCE) },
    // A reader that stands
    {
      cause: alerts('PipelineStalled'),
      quiets: alerts('PipelineSinkStalled', 'PipelineThroughputDip', ...OF_A_READER_THAT_STANDS),
      equal: READER,
    },
    {
      cause: alerts('PipelineSinkStalled'),
      quiets: alerts('PipelineThroughputDip', ...OF_A_READER_THAT_STANDS),
      equal: READER,
    },
    { cause: alerts('ConsumerPartitionHalted'), quiets: alerts(...reading), equal: READER },
    // One partition that stands is the whole of the backlog
    { cause: alerts('ConsumerPartitionStuck'), quiets: alerts('ConsumerLagNotDraining'), equal: READER },
    {
      cause: alerts('ConsumerLagNotDraining', 'ConsumerPartitionStuck'),
      quiets: alerts('FreshnessBudgetFastBurn', 'CanaryLate'),
      equal: READER,
    },
    {
      cause: {
        ...alerts('ConsumerLagNotDraining', 'PipelineStalled', 'PipelineSinkStalled'),
        group: [sinkGroup],
      },
      quiets: alerts('TableRowCountDip'),
    },
    // A process that is down explains what is seen of it from outside
    {
      cause: down('sink', 'clickhouse', 'registry'),
      quiets: { ...alerts(...reading, 'PipelineThroughputDip'), group: [sinkGroup] },
    },
    {
      cause: down('recommender', 'registry'),
      quiets: { ...alerts(...reading, 'PipelineThroughputDip'), group: ['reelstream-recommender-.+'] },
    },
    { cause: down('recommender'), quiets: alerts('ApiServesOldModel', 'RecommenderSnapshotStale') },
    { cause: down('clickhouse', 'reconciler'), quiets: alerts('ReconciliationStale') },
    { cause: down('sink', 'clickhouse'), quiets: alerts('TableRowCountDip') },
    { cause: alerts('PipelineTargetDown'), quiets: alerts('PipelineMetricsMissing') },
    // The stronger word for the same thing
    { cause: alerts('DeadLetterRatioHigh'), quiets: alerts('DeadLettersPresent'), equal: READER },
    { cause: alerts('ApiErrorBudgetFastBurn'), quiets: alerts('ApiErrorBudgetSlowBurn') },
    {
      cause: alerts('RecommenderNonFinite'),
      quiets: alerts('RecommenderRmseDrift', 'RecommenderWorseThanNaive'),
      equal: ['model'],
    },
  ];
}
