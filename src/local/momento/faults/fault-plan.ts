import type { RpcName } from '../grpc/services.js';
import type { Fault } from './fault.js';

interface PlannedFault {
  readonly rpc: RpcName;
  readonly fault: Fault;
  timesLeft: number;
}

/** The faults that a test has planned: each meets the next calls of its rpc, as often as it was told to. */
export class FaultPlan {
  #planned: PlannedFault[] = [];

  add(rpc: RpcName, fault: Fault, times = Infinity): void {
    this.#planned.push({ rpc, fault, timesLeft: times });
  }

  clear(): void {
    this.#planned = [];
  }

  /** The fault of this call; of several of one kind, the one planned first. */
  take(rpc: RpcName): Fault | undefined {
    if (this.#planned.length === 0) {
      return undefined;
    }
    let taken: Fault | undefined;
    for (const planned of this.#planned) {
      const isNew = Object.keys(planned.fault).every((kind) => taken === undefined || !(kind in taken));
      if (planned.rpc === rpc && planned.timesLeft > 0 && isNew) {
        taken = { ...taken, ...planned.fault };
        planned.timesLeft -= 1;
      }
    }
    this.#planned = this.#planned.filter(({ timesLeft }) => timesLeft > 0);
    return taken;
  }
}
