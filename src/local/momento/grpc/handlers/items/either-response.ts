interface FoundOrMissing<Response, Fields, Found, Missing> {
  new (result: { found: Found; missing?: never } | { found?: never; missing: Missing }): Response;
  readonly _Found: new (fields: Fields) => Found;
  readonly _Missing: new () => Missing;
}

interface StoredOrNot<Response, Fields, Stored, NotStored> {
  new (result: { stored: Stored; not_stored?: never } | { stored?: never; not_stored: NotStored }): Response;
  readonly _Stored: new (fields: Fields) => Stored;
  readonly _NotStored: new () => NotStored;
}

/** The response of a call that finds something, with these fields, or misses. */
export function foundOrMissing<Response, Fields, Found, Missing>(
  ResponseMessage: FoundOrMissing<Response, Fields, Found, Missing>,
  fields: NoInfer<Fields> | undefined,
): Response {
  const { _Found: FoundMessage, _Missing: MissingMessage } = ResponseMessage;
  return fields === undefined
    ? new ResponseMessage({ missing: new MissingMessage() })
    : new ResponseMessage({ found: new FoundMessage(fields) });
}

/** The response of a call that stores something, with these fields, or does not. */
export function storedOrNot<Response, Fields, Stored, NotStored>(
  ResponseMessage: StoredOrNot<Response, Fields, Stored, NotStored>,
  fields: NoInfer<Fields> | undefined,
): Response {
  const { _Stored: StoredMessage, _NotStored: NotStoredMessage } = ResponseMessage;
  return fields === undefined
    ? new ResponseMessage({ not_stored: new NotStoredMessage() })
    : new ResponseMessage({ stored: new StoredMessage(fields) });
}
