/** A method of the app that hears of a topic, with the guards, pipes, interceptors and filters around it. */
export interface HandlerCall {
  /** For log lines: class and method. */
  readonly name: string;
  /**
   * Calls it, and the filters when it fails.
   *
   * @param payload the value of a message, or a gap
   * @param context where the message stands; of a gap, the gap
   * @throws what no filter took
   */
  run(payload: unknown, context: object): Promise<void>;
  /** Calls the filters alone, for a message that cannot be read. @throws what no filter took */
  rescue(error: unknown, context: object): Promise<void>;
}
