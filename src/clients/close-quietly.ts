import { createHook } from 'node:async_hooks';

/**
 * Closes an SDK client so that the process can end. For a channel in a bad or idle state the SDK's `close()` makes a new
 * client and leaves a timer of twice the request timeout (up to 120 s) that holds the process; the timers that are made
 * during the call are let go of. They cannot be unref'd inside the hook: Node refs a timer after its hook has run.
 */
export function closeQuietly(client: { close(): void }): void {
  const timers: NodeJS.Timeout[] = [];
  const hook = createHook({
    init: (_id, type, _trigger, resource) => {
      if (type === 'Timeout' && isTimer(resource)) timers.push(resource);
    },
  });
  hook.enable();
  try {
    client.close();
  } finally {
    hook.disable();
  }
  for (const timer of timers) timer.unref();
}

function isTimer(resource: object): resource is NodeJS.Timeout {
  return 'unref' in resource && typeof resource.unref === 'function';
}
