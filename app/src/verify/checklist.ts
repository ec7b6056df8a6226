// Checks one after the other: each is announced when it begins, and told with what came of it.

import { DifferenceError, type Difference } from '@mycelia/radio-payouts';
import type { Check, CheckState, Report } from './messages';

/** Thrown by a check that does not hold. */
export class Fault extends Error {
  constructor(
    message: string,
    readonly difference: Difference | undefined = undefined,
  ) {
    super(message);
    this.name = 'Fault';
  }
}

/** What a check has found. */
export interface Found<T> {
  value: T;
  detail: string;
  facts?: [string, string][];
}

export class Checklist {
  #failed: string | undefined;

  constructor(private readonly tell: (report: Report) => void) {}

  /** The first check that failed, by its message. */
  get failed(): string | undefined {
    return this.#failed;
  }

  /** Runs a check; `undefined` if it failed, and then whatever rests on it is left out by the caller. */
  async run<T>(id: string, title: string, check: () => Promise<Found<T>> | Found<T>): Promise<T | undefined> {
    this.#say(id, title, 'running', '');
    try {
      const { value, detail, facts } = await check();
      this.#say(id, title, 'passed', detail, undefined, facts);
      return value;
    } catch (error) {
      const difference = error instanceof DifferenceError || error instanceof Fault ? error.difference : undefined;
      const message = error instanceof Error ? error.message : String(error);
      this.#failed ??= message;
      this.#say(id, title, 'failed', message, difference);
      return undefined;
    }
  }

  /** Says that a check is not made, and why. */
  leaveOut(id: string, title: string, why: string): void {
    this.#say(id, title, 'left out', why);
  }

  #say(id: string, title: string, state: CheckState, detail: string, difference?: Difference, facts?: [string, string][]): void {
    const check: Check = {
      id,
      title,
      state,
      detail,
      ...(difference === undefined ? {} : { difference }),
      ...(facts === undefined ? {} : { facts }),
    };
    this.tell({ kind: 'check', check });
  }
}

/** Turns a difference into a fault. */
export function refuse(difference: Difference | null): void {
  if (difference !== null) throw new Fault(difference.message, difference);
}
