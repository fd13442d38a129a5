export { MomentoPubSub, type MomentoPubSubOptions } from './momento.pub-sub.js';
