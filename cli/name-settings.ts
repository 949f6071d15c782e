import { ReelstreamError } from '../core/errors.ts';
import type { Refusal } from '../kafka/protocol-errors.ts';

const SETTINGS_BEHIND: Readonly<Record<Refusal, string>> = {
  login:
    'Kafka does not take REELSTREAM_KAFKA_SASL_USERNAME with REELSTREAM_KAFKA_SASL_PASSWORD by REELSTREAM_KAFKA_SASL_MECHANISM',
  certificate:
    "REELSTREAM_KAFKA_TLS_CA_FILE must hold the authority that signed Kafka's certificate, and REELSTREAM_KAFKA_BROKERS " +
    'name hosts as it does',
};

/** Drivers know no settings: for an error that only other settings can end, says which. Anything else stays as it is. */
export function namingSettings(thrown: unknown): unknown {
  if (!(thrown instanceof ReelstreamError)) return thrown;
  const { code, message, retryable, details, cause } = thrown;
  const behind = SETTINGS_BEHIND[details.refused as Refusal];
  if (behind === undefined || message.includes(behind)) return thrown;
  return new ReelstreamError(code, `${message}: ${behind}`, { retryable, details, cause });
}
