// The WebAssembly module: compiled when it is first needed, synchronously.
import { inflateSync } from 'fflate';

import * as bindings from '../build/wasm/radio_payouts_sdk.js';
import module from '../build/wasm/radio_payouts_sdk_bg.wasm';
import { DifferenceError, RadioPayoutsError, type Difference } from './errors.js';

export type Core = typeof bindings;

let isReady = false;

function core(): Core {
  if (!isReady) {
    const deflated = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
    bindings.initSync({ module: new WebAssembly.Module(inflateSync(deflated) as Uint8Array<ArrayBuffer>) });
    isReady = true;
  }
  return bindings;
}

/** Calls into the module; what it refuses is thrown as one of this package's errors. */
export function call<Result>(work: (core: Core) => Result): Result {
  try {
    return work(core());
  } catch (error) {
    throw typeof error === 'string' ? refusal(error) : error;
  }
}

/** A refusal as the module gives it: JSON. */
interface Fault {
  code: string;
  message: string;
  difference?: Difference;
}

/** The refusal's code, for those whose codes are no {@link RadioPayoutsError}'s. */
export function faultOf<Result>(work: (core: Core) => Result): { result: Result } | { fault: Fault } {
  try {
    return { result: work(core()) };
  } catch (error) {
    if (typeof error !== 'string') throw error;
    return { fault: JSON.parse(error) as Fault };
  }
}

function refusal(json: string): RadioPayoutsError {
  const fault = JSON.parse(json) as Fault;
  if (fault.difference) return new DifferenceError(fault.difference);
  return new RadioPayoutsError(fault.code as RadioPayoutsError['code'], fault.message);
}
