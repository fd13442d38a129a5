export { MomentoClientProxy, type MomentoClientStats } from './momento-client.proxy.js';
export { MomentoContext } from './momento.context.js';
export { MOMENTO_TRANSPORT, MomentoServer, type MomentoServerStats } from './momento.server.js';
export { MomentoRequestError } from './request.error.js';
export type { MomentoTransportEvents, MomentoTransportStatus } from './transport-state.js';
export type { MomentoClientOptions, MomentoServerOptions } from './transport.options.js';
