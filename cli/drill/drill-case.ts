import type { DrillStack } from './drill-stack.ts';

/** An alert that must be told, with such of its labels as matter. */
export interface Expectation {
  readonly alert: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** One fault, as data: how it is caused, and what must come of it. */
export interface DrillCase {
  readonly name: string;
  /** what is really done, for the table */
  readonly fault: string;
  /** exactly these are told while the fault lasts */
  readonly expected: readonly Expectation[];
  /** may be told once the fault is over, because they look at a window that still holds it; each with the reason */
  readonly aftermath: Readonly<Record<string, string>>;
  /** from the fault to the last expected alert */
  readonly withinMs: number;
  /** PromQL that must have a result before the fault says anything: a baseline that is still in training judges nothing */
  readonly ready?: string;
  /** causes the fault; what it returns ends it again and must work in whatever state the fault is */
  cause(stack: DrillStack): Promise<Undo>;
}

export type Undo = () => Promise<void>;
