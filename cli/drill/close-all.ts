/**
 * Undoes what was opened, the latest first, and goes on when something does not close: what is left must not keep the rest open.
 * @throws the first failure, when everything has been tried
 */
export async function closeAll(closers: (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers.splice(0).reverse()) {
    try {
      await close();
    } catch (failure) {
      failures.push(failure);
    }
  }
  if (failures.length > 0) throw failures[0];
}
