/**
 * What a record carries through the client and back: which own event it belongs to, and whether a fault held it back, so
 * that its way took longer on purpose.
 */
export function tagOf(i: number, heldBack: boolean): number {
  return heldBack ? -1 - i : i;
}

export function eventOfTag(tag: number): number {
  return tag < 0 ? -1 - tag : tag;
}

export function isHeldBack(tag: number): boolean {
  return tag < 0;
}
