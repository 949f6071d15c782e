/**
 * Kafka key of a person's events: the user id in decimal. All events of a person thus share a Kafka partition and keep
 * their order, every client's default partitioner agrees on it, and a console tool shows it as a number.
 */
export function keyOfUser(userId: number): Buffer {
  return Buffer.from(String(userId), 'latin1');
}
