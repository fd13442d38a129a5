const redacted = '[REDACTED]';
const longestText = 16_384;

/** A character of a key, as it is or encoded for a URL. */
const keyCharacter = String.raw`(?:[\w+/=-]|%(?:2[BDEFbdef]|3[Dd]|5[Ff]))`;
const restOfKey = String.raw`${keyCharacter}*(?:\.${keyCharacter}+)*`;
/** Four characters of base64 that stand for three characters of ASCII; by chance one group of words in thirty does. */
const asciiGroup = String.raw`[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghkloptswx014589][\w+/-]`;
const printableGroup = String.raw`[I-Za-f][C-HS-Xi-ny-z0-3][ABEFIJMNQRUVYZcdghkloptswx014589][\w+/-]`;
const start = '(?<![A-Za-z0-9])';

/** Keys of every format, and the JWTs within, are base64 of JSON. Each alternative is linear: none can be entered twice. */
const keyLike = new RegExp(
  [
    // `{"`: no word begins so.
    `${start}eyJ${keyCharacter}{5,}`,
    // `{` and a quote or white space, anywhere in a text.
    String.raw`e(?:y[AIJ]|w[ok0])[\w+/-](?:${asciiGroup}){4,}`,
    // White space before the `{`.
    String.raw`${start}(?:I[CH]|C[ignQX]|DQ)[\w+/-]{2}(?:${asciiGroup}){4,}`,
    // A line out of a key's middle.
    `(?:${printableGroup}){8,}`,
  ]
    .map((alternative) => alternative + restOfKey)
    .join('|'),
  'g',
);

/** As long as the signature of a JWT is: of HS256, of HS512 or ES256, of RS256. */
const signatureLike = /(?<![\w-])(?:[\w-]{342}|[\w-]{86}|[\w-]{43})(?![\w-])/g;
const endOfSignature: Readonly<Record<number, RegExp>> = {
  43: /[AEIMQUYcgkosw048]$/,
  86: /[AQgw]$/,
  342: /[AQgw]$/,
};

const lineBreak = String.raw`[ \t]*(?:\r\n?|\n|\\r\\n|\\[nr]?)[ \t]*`;
/** The further lines of a key that was broken into lines. A word alone on its line is left. */
const furtherLines = new RegExp(
  String.raw`\[REDACTED\](?:${lineBreak}(?:[\w+/=.-]{0,11}\[REDACTED\]|(?![A-Z]?[a-z]*(?![\w+/=.-]))(?:[\w+/=.-]{16,}|[\w+/=.-]+(?![ \t]*\w))))+`,
  'g',
);

const userInfo = /(:\/\/)[^\s/?#"'<>]*@/g;
const queryParameter = /([?&;])([\w.%-]{1,64})=([^&\s"'#]+)/g;
const secretParameter = /token|key|secret|sig|passw|pwd|auth|credential/i;

/** `"apiKey": "…"`, as a parser quotes it, perhaps without its end. */
const secretField =
  /(["'](?:api_?key|(?:auth|access|refresh|id|session)?_?token|secret|passw(?:or)?d|authorization)\\?["']\s{0,9}:\s{0,9}\\?["'])[^\s"'\\,}\]]+/gi;
/** `X-Vault-Token: …`, `x-api-key: …`. */
const tokenHeader =
  /(?<![\w-])(x-[\w-]{0,40}(?<=token|key|secret|signature)["']?\s{0,9}[:=]\s{0,9}["']?)[^\s"',;]+/gi;
const authorization =
  /\b(authorization["']?\s{0,9}[:=]\s{0,9}["']?(?:(?:bearer|basic|token|apikey|aws4-hmac-sha256)\s{1,9})?)([^\s"',;]+)/gi;
const bearer = /\b(bearer\s{1,9})([^\s"',;]+)/gi;

/**
 * A text of unknown making, without what looks like a key or a password: for messages of others, and for names that users
 * gave. What comes after 16,384 characters is left out; within them the time is linear.
 */
export function redactKeys(text: string): string {
  return withoutEnd(text)
    .replace(keyLike, redacted)
    .replace(signatureLike, (found) => (isSignature(found) ? redacted : found))
    .replace(furtherLines, redacted)
    .replace(userInfo, `$1${redacted}@`)
    .replace(queryParameter, (found, before: string, name: string) =>
      secretParameter.test(name) ? `${before}${name}=${redacted}` : found,
    )
    .replace(secretField, `$1${redacted}`)
    .replace(tokenHeader, `$1${redacted}`)
    .replace(authorization, redactCredential)
    .replace(bearer, redactCredential);
}

/** No key is cut: what is left of one might not look like it any more. */
function withoutEnd(text: string): string {
  return text.length <= longestText
    ? text
    : `${text.slice(0, longestText).replace(/(?<![\w+/=.%-])[\w+/=.%-]{0,4096}$/, '')}…`;
}

/** "The bearer certificates" and "Authorization: denied" say nothing secret. */
function redactCredential(found: string, before: string, credential: string): string {
  return /^[A-Z]?[a-z]+[.:!?)]*$/.test(credential) ? found : `${before}${redacted}`;
}

/** Random text changes between upper case, lower case, digits and signs at two characters of three; words do seldom. */
function isSignature(text: string): boolean {
  const changes = text.match(/(?<=[A-Z])[^A-Z]|(?<=[a-z])[^a-z]|(?<=\d)\D|(?<=[_-])[^_-]/g)?.length ?? 0;
  const isMixed = [/[A-Z]/g, /[a-z]/g].every((letters) => (text.match(letters)?.length ?? 0) >= 5);
  return isMixed && changes > 0.35 * text.length && endOfSignature[text.length]?.test(text) === true;
}

/** What forges lines, turns the direction of writing, or is not seen: controls, formats, lone surrogates, odd white space. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;
const needsEscape = new RegExp(`${unprintable.source}|['\\\\]`, 'u');
const longestNameShown = 100;
const longestLineShown = 2_000;

/**
 * A name, of whose making nothing is known, as it may stand in a line of a log or in a message: escaped, cut at 100
 * characters, without keys. Of what is no text, because a caller has no types, it is the kind.
 */
export function showName(name: unknown): string {
  return cut(
    typeof name === 'string' ? withoutHiddenKeys(name) : typeof name,
    longestNameShown,
    (character) => (character === "'" || character === '\\' ? `\\${character}` : escape(character)),
  );
}

/** The same in quotes. */
export function quoteName(name: unknown): string {
  return `'${showName(name)}'`;
}

/** A message of others as one line: escaped, cut at 2,000 characters, without keys. */
export function toLine(text: string): string {
  return cut(joinLines(redactKeys(text)), longestLineShown, escape);
}

function joinLines(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  return lines.filter((line) => line !== '').join(' ');
}

/** A key is found as well when characters that are not seen stand in it. */
function withoutHiddenKeys(name: string): string {
  const clean = redactKeys(name);
  const seen = withoutUnseen(name.slice(0, longestText));
  if (seen === name) return clean;
  const cleanSeen = redactKeys(seen);
  return cleanSeen === withoutUnseen(clean) ? clean : cleanSeen;
}

function withoutUnseen(text: string): string {
  return text.replace(/[\p{C}\p{Default_Ignorable_Code_Point}]/gu, '');
}

/** Never cuts an escape or a pair of surrogates in two. */
function cut(text: string, longest: number, show: (character: string) => string): string {
  if (text.length <= longest && !needsEscape.test(text)) return text;
  let shown = '';
  for (const character of text) {
    const next = show(character);
    if (shown.length + next.length > longest) return `${shown}…`;
    shown += next;
  }
  return shown;
}

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escape(character: string): string {
  if (!unprintable.test(character)) return character;
  const code = character.codePointAt(0)?.toString(16) ?? '';
  return shortEscapes[character] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`);
}
